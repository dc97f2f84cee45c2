"""How wrong tokens are throttled, with an injected clock."""

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from localwhisper.server.auth import FORGET_AFTER_S, MAX_ADDRESSES, MAX_DELAY_S, LoginThrottle, TokenAuth
from localwhisper.server.http_errors import TooManyAttempts, Unauthorized


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def delay_s(throttle: LoginThrottle, address: str = "10.0.0.1") -> int:
    """Seconds until the address may try again."""
    try:
        throttle.check(address)
    except TooManyAttempts as error:
        return error.seconds
    return 0


def test_each_failure_doubles_the_delay_up_to_a_limit() -> None:
    throttle = LoginThrottle(Clock())
    delays = []
    for _ in range(9):
        throttle.add_failure("10.0.0.1")
        delays.append(delay_s(throttle) - 1)  # rounded up
    assert delays == [1, 2, 4, 8, 16, 32, 64, 64, 64]
    assert max(delays) == MAX_DELAY_S
    assert delay_s(throttle, "10.0.0.2") == 0


def test_failures_are_forgotten_after_a_while() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    for _ in range(5):
        throttle.add_failure("10.0.0.1")
    clock.now_s += FORGET_AFTER_S + 1
    throttle.add_failure("10.0.0.1")
    assert delay_s(throttle) == 2


def test_only_the_newest_addresses_are_remembered() -> None:
    throttle = LoginThrottle(Clock())
    for number in range(MAX_ADDRESSES + 1):
        throttle.add_failure(str(number))
    assert delay_s(throttle, "0") == 0
    assert delay_s(throttle, "1") > 0


def test_the_right_token_is_not_compared_during_the_delay_and_resets_it_afterwards() -> None:
    clock = Clock()
    auth = TokenAuth("s3cret", clock)
    with pytest.raises(Unauthorized):
        auth.check_token("wrong", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        auth.check_token("s3cret", "10.0.0.1")
    clock.now_s += 1
    auth.check_token("s3cret", "10.0.0.1")
    auth.check_token("s3cret", "10.0.0.1")


@pytest.mark.parametrize(
    "others",
    ['prefs={"theme":"dark"}; {}', "{}; a=b=c", 'x="; {}', "broken; {}; =; ;", "é=\xff; {}", "localwhisper2=x; {}"],
)
def test_cookies_of_other_programs_do_not_hide_ours(others: str) -> None:
    auth = TokenAuth("s3cret")
    header = others.replace("{}", f"localwhisper={auth.cookie}")
    start_line = RequestStartLine("GET", "/", "HTTP/1.1")
    request = HTTPServerRequest(start_line=start_line, headers=HTTPHeaders({"Cookie": header, "Host": "localhost"}))
    assert auth.has_cookie(request)
    request.headers["Cookie"] = others.replace("{}", "localwhisper=wrong")
    assert not auth.has_cookie(request)
