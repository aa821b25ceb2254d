from __future__ import annotations

from steersman.scheduler.devices import news as news_module
from steersman.scheduler.devices.news import News


def test_readers_are_told_what_is_new_to_them():
    news = News()
    news.tell(["a"])
    then = news.now
    news.tell(["b", "c"])
    assert news.since(then) == ["b", "c"]
    assert news.since(news.now) == []
    news.tell_all()
    assert news.since(then) is None
    assert news.since(news.now) == []


def test_who_comes_late_is_told_of_all(monkeypatch):
    monkeypatch.setattr(news_module, "NEWS_MAX", 2)
    news = News()
    then = news.now
    news.tell(["a", "b", "c"])
    assert news.since(then) is None


def test_stamps_differ_after_a_change():
    news = News()
    before, other = news.stamp("a"), news.stamp("b")
    news.tell(["a"])
    assert news.stamp("a") != before
    assert news.stamp("b") == other
    news.tell_all()
    assert news.stamp("b") != other
