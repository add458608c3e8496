from cutroom.core.ids import is_id, new_id


def test_ids_are_unique_well_formed_and_carry_their_prefix() -> None:
    made = {new_id("vid") for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_id(one, "vid") for one in made)
    assert not is_id(new_id("job"), "vid")
    assert not is_id("vid_../../etc/passwd0000000000", "vid")
