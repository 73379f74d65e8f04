"""So often in a minute, and no more."""

from collections import defaultdict, deque
from types import SimpleNamespace

from shelters import pace
from shelters.pace import is_often


def test_each_account_is_counted_for_itself_and_for_a_minute(monkeypatch):
    now, moments = [1000.0], defaultdict(deque)
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    ana, eva = SimpleNamespace(pk=1), SimpleNamespace(pk=2)
    assert [is_often(moments, ana, 2) for _each in range(3)] == [False, False, True]
    assert not is_often(moments, eva, 2)
    now[0] += 61
    assert not is_often(moments, ana, 2)
