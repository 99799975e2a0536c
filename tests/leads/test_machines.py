"""Who sent a report: people's browsers are never taken for machines, known machines always are."""

import pytest

from leads.engine.machines import Machine, name_machine

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        f"{CHROME} Edg/141.0.0.0",
        f"{CHROME} OPR/120.0.0.0",
        f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1",
        f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/500.0;FBDV/iPhone15,2]",
        f"{IPHONE} Mobile/15E148 [Pinterest/iOS]",
        f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.30",
        f"{IPHONE} Mobile/15E148 Instagram 330.0",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
        "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 SamsungBrowser/25.0 Chrome/121.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 YaBrowser/25.8 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    ],
)
def test_people_are_people(agent: str) -> None:
    assert name_machine(agent) is None


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Machine.CRAWLER),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", Machine.CRAWLER),
        ("Mozilla/5.0 (compatible; YandexBot/3.0)", Machine.CRAWLER),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0)", Machine.CRAWLER),
        ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", Machine.CRAWLER),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0)", Machine.CRAWLER),
        ("AdsBot-Google (+http://www.google.com/adsbot.html)", Machine.CRAWLER),
        ("ia_archiver", Machine.CRAWLER),
        ("facebookexternalhit/1.1", Machine.PREVIEW),
        ("Twitterbot/1.0", Machine.PREVIEW),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0)", Machine.PREVIEW),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", Machine.PREVIEW),
        ("WhatsApp/2.23.20.0 A", Machine.PREVIEW),
        ("TelegramBot (like TwitterBot)", Machine.PREVIEW),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", Machine.PREVIEW),
        (f"{CHROME} BingPreview/1.0b", Machine.PREVIEW),
        ("Mozilla/5.0 (compatible; BarracudaCentral)", Machine.SCANNER),
        ("Mozilla/5.0 (compatible; Mimecast)", Machine.SCANNER),
        ("Proofpoint URL Defense", Machine.SCANNER),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", Machine.SCANNER),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0)", Machine.MONITOR),
        ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", Machine.MONITOR),
        (f"{CHROME} Chrome-Lighthouse", Machine.MONITOR),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/141.0 Safari/537.36", Machine.HEADLESS),
        ("Mozilla/5.0 (Unknown; Linux x86_64) PhantomJS/2.1.1", Machine.HEADLESS),
        ("curl/8.5.0", Machine.PROGRAM),
        ("python-requests/2.32", Machine.PROGRAM),
        ("Go-http-client/1.1", Machine.PROGRAM),
        ("okhttp/4.12.0", Machine.PROGRAM),
        ("", Machine.PROGRAM),
    ],
)  # fmt: skip
def test_machines_are_machines(agent: str, machine: Machine) -> None:
    assert name_machine(agent) == machine


@pytest.mark.parametrize(
    "purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"]
)
def test_what_is_fetched_ahead_was_seen_by_nobody(purpose: str) -> None:
    assert name_machine(CHROME, purpose, is_remembered=True) == Machine.AHEAD


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        ("Mozilla/5.0 HeadlessChrome/141.0", None),
        ("python-requests/2.32", None),
        ("Googlebot/2.1", Machine.CRAWLER),
        ("LinkedInBot/1.0", Machine.PREVIEW),
    ],
)
def test_who_agreed_to_be_remembered_acts_for_somebody(agent: str, machine: Machine | None) -> None:
    assert name_machine(agent, is_remembered=True) == machine
