"""What CloudFront itself would check of our cookies and addresses, and what it is asked to forget."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from moto import mock_aws

from cutroom.core.errors import CutroomError
from cutroom.delivery.cloudfront import CloudFront, CloudFrontSettings

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
URL = "https://cdn.example.com"


@pytest.fixture
def made(tmp_path: Path) -> CloudFront:
    return CloudFront(settings(tmp_path))


def settings(tmp_path: Path, distribution: str = "E1") -> CloudFrontSettings:
    pem = PRIVATE.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(pem)
    return CloudFrontSettings(url=URL, key_pair_id="K1", key_file=tmp_path / "key.pem", distribution_id=distribution)


def decoded(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"))


def checked(policy: str, signature: str) -> dict[str, object]:
    """The statement, once the public key has found it good."""
    text = decoded(policy)
    PRIVATE.public_key().verify(decoded(signature), text, padding.PKCS1v15(), hashes.SHA1())
    [statement] = json.loads(text)["Statement"]
    return statement


def test_one_policy_opens_everything_for_a_session(made: CloudFront) -> None:
    cookies = made.cookies(expires_at=2_000_000_000)
    assert sorted(cookies) == ["CloudFront-Key-Pair-Id", "CloudFront-Policy", "CloudFront-Signature"]
    assert cookies["CloudFront-Key-Pair-Id"] == "K1"
    statement = checked(cookies["CloudFront-Policy"], cookies["CloudFront-Signature"])
    assert statement == {
        "Resource": f"{URL}/*",
        "Condition": {"DateLessThan": {"AWS:EpochTime": 2_000_000_000}},
    }


def test_an_address_opens_its_folder(made: CloudFront) -> None:
    url = urlsplit(made.signed_url("previews/ast_1/r/thumb-320.jpg", expires_at=2_000_000_000))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert url.path == "/previews/ast_1/r/thumb-320.jpg"
    assert checked(query["Policy"], query["Signature"])["Resource"] == f"{URL}/previews/ast_1/r/*"


def test_a_changed_policy_is_not_signed(made: CloudFront) -> None:
    cookies = made.cookies(expires_at=2_000_000_000)
    later = base64.b64encode(decoded(cookies["CloudFront-Policy"]).replace(b"2000000000", b"2100000000")).decode()
    with pytest.raises(InvalidSignature):
        checked(later, cookies["CloudFront-Signature"])


def test_a_key_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    broken = CloudFront(CloudFrontSettings(url=URL, key_pair_id="K", key_file=tmp_path / "no.pem", distribution_id=""))
    with pytest.raises(CutroomError, match=r"private key of CloudFront cannot be read"):
        broken.cookies(expires_at=1)


def test_invalidations_go_fifteen_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("cloudfront")
        distribution = client.create_distribution(
            DistributionConfig={
                "CallerReference": "c",
                "Comment": "",
                "Enabled": True,
                "Origins": {
                    "Quantity": 1,
                    "Items": [
                        {
                            "Id": "o",
                            "DomainName": "origin.example.com",
                            "CustomOriginConfig": {
                                "HTTPPort": 80,
                                "HTTPSPort": 443,
                                "OriginProtocolPolicy": "http-only",
                            },
                        }
                    ],
                },
                "DefaultCacheBehavior": {
                    "TargetOriginId": "o",
                    "ViewerProtocolPolicy": "allow-all",
                    "MinTTL": 0,
                    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                },
            }
        )["Distribution"]["Id"]
        made = CloudFront(settings(tmp_path, distribution))
        ids = made.invalidate([f"/proxies/a/r/{number}.m3u8" for number in range(31)])
        listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"]["Items"]
        assert {one["Id"] for one in listed} == set(ids)
        found = client.get_invalidation(DistributionId=distribution, Id=ids[-1])["Invalidation"]
        assert (len(ids), found["InvalidationBatch"]["Paths"]["Quantity"]) == (3, 1)
        with pytest.raises(CutroomError) as caught:
            CloudFront(settings(tmp_path, "E-missing")).invalidate(["/proxies/a/r/1.m3u8"])
    assert caught.value.code == "delivery.cdn-refused"
