"""Search over names, tags and transcripts; tags; counts of lists that need no counting"""

import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 1000
FIELDS = ("name", "tags", "transcript")
WORDS = " || ".join(
    f"setweight(to_tsvector('simple', {field}), '{weight}')" for field, weight in zip(FIELDS, "ABC", strict=True)
)
IDEOGRAPHS = ((0x2E80, 0xA4CF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def upgrade() -> None:
    op.create_index("ix_videos_verdict", "videos", ["verdict", sa.text("added_at DESC"), sa.text("id DESC")])
    op.create_index("ix_videos_proxy", "videos", ["proxy_state", sa.text("added_at DESC"), sa.text("id DESC")])
    op.create_table(
        "video_tags",
        sa.Column("video_id", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_video_tags_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "tag", name=op.f("pk_video_tags")),
    )
    op.create_index("ix_video_tags_tag", "video_tags", ["tag", "video_id"])
    _search()
    _counts()
    _fill()


def _search() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    words = () if sqlite else (sa.Column("words", TSVECTOR(), sa.Computed(WORDS, persisted=True)),)
    op.create_table(
        "search_documents",
        sa.Column("place", SERIAL, autoincrement=True, nullable=False),
        sa.Column("video_id", sa.Text(), nullable=False),
        *(sa.Column(field, sa.Text(), nullable=False) for field in FIELDS),
        *words,
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_search_documents_video_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_search_documents")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_search_documents_video", "search_documents", ["video_id"], unique=True)
    op.create_table(
        "search_slips",
        sa.Column("slip", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slip", "term", name=op.f("pk_search_slips")),
    )
    op.create_table(
        "search_terms",
        sa.Column("term", sa.Text(collation=None if sqlite else "C"), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_search_terms")),
    )
    if not sqlite:
        op.create_index("ix_search_documents_words", "search_documents", ["words"], postgresql_using="gin")
        return
    listed, new, old = (", ".join(f"{side}{field}" for field in FIELDS) for side in ("", "new.", "old."))
    op.execute(
        f"CREATE VIRTUAL TABLE search_words USING fts5({listed}, content='search_documents', content_rowid='place', "
        "prefix='1 2 3 4', tokenize='unicode61 remove_diacritics 0')"
    )
    forget = f"INSERT INTO search_words(search_words, rowid, {listed}) VALUES ('delete', old.place, {old});"  # noqa: S608
    learn = f"INSERT INTO search_words(rowid, {listed}) VALUES (new.place, {new});"  # noqa: S608
    for name, when, acts in (
        ("added", "INSERT", learn),
        ("gone", "DELETE", forget),
        ("changed", f"UPDATE OF {listed}", f"{forget} {learn}"),
    ):
        op.execute(f"CREATE TRIGGER search_documents_{name} AFTER {when} ON search_documents BEGIN {acts} END")


def _counts() -> None:
    """On SQLite triggers keep them; PostgreSQL, where many write at once, estimates instead."""
    keys = ("owner_id", "visibility", "verdict", "proxy_state")
    op.create_table(
        "video_counts",
        *(sa.Column(key, sa.Text(), nullable=False) for key in keys),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_video_counts")),
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    listed = ", ".join(keys)

    def step(side: str, number: int) -> str:
        row = f"coalesce({side}.owner_id, ''), " + ", ".join(f"{side}.{key}" for key in keys[1:])
        make = f"INSERT INTO video_counts ({listed}, number) VALUES ({row}, {number}) "  # noqa: S608
        return f"{make}ON CONFLICT ({listed}) DO UPDATE SET number = number + {number};"

    for name, when, acts in (
        ("added", "INSERT", step("new", 1)),
        ("gone", "DELETE", step("old", -1)),
        ("changed", f"UPDATE OF {listed}", step("old", -1) + " " + step("new", 1)),
    ):
        op.execute(f"CREATE TRIGGER video_counts_{name} AFTER {when} ON videos BEGIN {acts} END")
    op.execute(
        "INSERT INTO video_counts (owner_id, visibility, verdict, proxy_state, number) "
        "SELECT coalesce(owner_id, ''), visibility, verdict, proxy_state, count(*) FROM videos GROUP BY 1, 2, 3, 4"
    )


def _fill() -> None:
    """The names of the videos that are there already, oldest first, as the places of documents are."""
    conn, last, known = op.get_bind(), (-1, ""), set[str]()
    rows = sa.text(
        "SELECT added_at, id, name FROM videos WHERE (added_at, id) > (:at, :id) ORDER BY added_at, id LIMIT :most"
    )
    put = sa.text("INSERT INTO search_documents (video_id, name, tags, transcript) VALUES (:id, :name, '', '')")
    while found := conn.execute(rows, {"at": last[0], "id": last[1], "most": BATCH}).all():
        last = (found[-1][0], found[-1][1])
        named = [(row[1], _words(row[2])) for row in found]
        conn.execute(put, [{"id": video_id, "name": " ".join(words)} for video_id, words in named])
        new = {
            word for _, words in named for word in words if 4 <= len(word) <= 40 and _kind(word[0]) == "letter"
        } - known
        known |= new
        if new:
            conn.execute(sa.text("INSERT INTO search_terms (term) VALUES (:term)"), [{"term": one} for one in new])
            slips = [{"slip": slip, "term": one} for one in new for slip in _slips(one)]
            conn.execute(sa.text("INSERT INTO search_slips (slip, term) VALUES (:slip, :term)"), slips)


def _words(text: str) -> list[str]:
    letters, kind = [], ""
    for letter in unicodedata.normalize("NFKD", text.casefold()):
        if unicodedata.category(letter)[0] == "M":
            continue
        before, kind = kind, _kind(letter)
        letters += [" "] * (kind != before or kind == "ideograph") + [letter] * bool(kind)
    return "".join(letters).split()


def _kind(letter: str) -> str:
    if any(first <= ord(letter) <= last for first, last in IDEOGRAPHS) and letter.isalnum():
        return "ideograph"
    return "letter" if letter.isalpha() else "digit" if letter.isalnum() else ""


def _slips(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "gone", "changed"):
            op.execute(f"DROP TRIGGER video_counts_{name}")
        op.execute("DROP TABLE search_words")
    for table in ("search_documents", "search_slips", "search_terms", "video_counts", "video_tags"):
        op.drop_table(table)
    op.drop_index("ix_videos_verdict", "videos")
    op.drop_index("ix_videos_proxy", "videos")
