import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.core.errors import CutroomError
from cutroom.net.webhooks import signing


def test_the_specifications_own_example():
    made = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_new_secrets_are_good_ones():
    assert signing.check_secret(signing.new_secret()) != signing.check_secret(signing.new_secret())


@given(st.binary(max_size=80))
def test_only_keys_of_a_decent_length_are_taken(key: bytes):
    secret = "whsec_" + base64.b64encode(key).decode()
    if 24 <= len(key) <= 64:
        assert signing.check_secret(secret) == secret
    else:
        with pytest.raises(CutroomError, match="24 to 64"):
            signing.check_secret(secret)
