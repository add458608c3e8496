from cutroom.core.errors import ErrorDocument
from cutroom.worker.attempt import without_paths


def test_an_error_names_files_without_their_folders() -> None:
    error = ErrorDocument(code="media.damaged", message="/mnt/nas/secret/take.mp4 is damaged: see /mnt/nas/secret.")
    arguments = {"source": "/mnt/nas/secret/take.mp4", "mode": "quick", "in_frame": 3}
    assert without_paths(error, arguments).message == "take.mp4 is damaged: see /mnt/nas/secret."
