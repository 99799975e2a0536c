"""Who sent a report: a person's browser, or a machine, told by what it says of itself."""

import re
from collections.abc import Mapping
from enum import StrEnum


class Machine(StrEnum):
    """A kind of machine, in the words that stand in the story of a lead."""

    AHEAD = "fetched ahead"
    CRAWLER = "crawler"
    PREVIEW = "link preview"
    SCANNER = "mail scanner"
    MONITOR = "monitor"
    HEADLESS = "browser without a window"
    PROGRAM = "program"


# Browsers say in one of these that nobody looks at the page (yet).
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
AHEAD = re.compile(r"prefetch|prerender|preview", re.I)

# The first that matches counts. Telephones are called CUBOT, people read in the apps of Pinterest.
AGENTS: tuple[tuple[Machine, re.Pattern[str]], ...] = tuple(
    (machine, re.compile(pattern, re.I))
    for machine, pattern in (
        (
            Machine.SCANNER,
            r"barracuda|mimecast|proofpoint|urldefense|messagelabs|cloudmark|trendmicro|fireeye"
            r"|googleimageproxy|yahoomailproxy|safelinks|linkscan|mailscan|virustotal|phishtank",
        ),
        (
            Machine.PREVIEW,
            r"facebookexternalhit|facebookcatalog|meta-externalagent|twitterbot|linkedinbot|slackbot"
            r"|slack-imgproxy|discordbot|telegrambot|redditbot|pinterestbot|pinterest/0|^whatsapp/"
            r"|skypeuripreview|bingpreview|microsoftpreview|embedly|iframely|mastodon/|preview\b"
            r"|ms-?office|^microsoft office",
        ),
        (
            Machine.MONITOR,
            r"uptime|pingdom|statuscake|site24x7|pinger\b|datadog|checkly|gtmetrix|lighthouse"
            r"|pagespeed|\bmonitor",
        ),
        (
            Machine.CRAWLER,
            r"(?<!cu)bots?(?![a-z])|crawl|spider|slurp|archiver|mediapartners-google|feedfetcher"
            r"|google-inspectiontool|google-read-aloud|apis-google|ahrefs|semrush|scrapy|httrack",
        ),
        (
            Machine.HEADLESS,
            r"headless|phantomjs|slimerjs|puppeteer|playwright|selenium|cypress/|jsdom|electron/",
        ),
        (
            Machine.PROGRAM,
            r"^$|^(curl|wget|python|java|go-http-client|okhttp|axios|node|undici|got|libwww|lwp|php|ruby"
            r"|perl|apache-httpclient|guzzle|postman|insomnia|httpie|restsharp|dart)\b",
        ),
    )
)
# They say yes to being remembered only where somebody made them: a test, or a site's own server
# that passes on what its visitors do.
ON_BEHALF = frozenset({Machine.HEADLESS, Machine.PROGRAM})


def read_purpose(headers: Mapping[str, str]) -> str:
    """What the request says it is for; "" for an ordinary one."""
    return " ".join(filter(None, (headers.get(name) for name in PURPOSES)))[:80]


def name_machine(agent: str, purpose: str = "", *, is_remembered: bool = False) -> Machine | None:
    """The machine behind a report; None for a person.

    `is_remembered`: the browser has agreed to be remembered, which no machine does by itself.
    """
    if AHEAD.search(purpose):
        return Machine.AHEAD
    found = next((machine for machine, sign in AGENTS if sign.search(agent)), None)
    return None if is_remembered and found in ON_BEHALF else found
