"""Scripts for the browser that measure the layout of a page."""

from playwright.sync_api import Page

#: The number of log lines that are completely visible.
WHOLE_LINES = """(log) => {
    const { top, bottom } = log.getBoundingClientRect();
    return [...log.querySelectorAll("article")].map((one) => one.getBoundingClientRect())
        .filter((place) => place.top >= top - 1 && place.bottom <= bottom + 1).length;
}"""
#: The log's part of the window, the fade at its upper edge, and the color behind the header.
LAYOUT_PARTS = """(log) => {
    const { width, height } = log.getBoundingClientRect();
    const header = document.querySelector("h1").closest("section > div");
    const area = getComputedStyle(log.parentElement);
    // What is left of a cut line is covered; the fade begins below the header or the cover, and ends at 12 px at least.
    const covered = parseFloat(area.getPropertyValue("--_cover"));
    const faded = parseFloat(getComputedStyle(log.parentElement, "::before").height);
    return {
        height: height / innerHeight,
        area: (width * height) / (innerWidth * innerHeight),
        fade: `${Math.min(12, covered + faded)}px`,
        header: getComputedStyle(header).backgroundColor,
    };
}"""
#: The root font and the heading, in pixels.
FONT_SIZES = """[document.documentElement, document.querySelector("h1")]
    .map((element) => parseFloat(getComputedStyle(element).fontSize))"""
#: Makes Tab start at the top of the page, as after a click on its background.
TO_TOP = """() => {
    const top = document.createElement("div");
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove();
}"""
#: The contrast of a control's border to what is around it: the field's own, or that of the box that it fills.
BORDER_CONTRAST = """(field) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const luminance = (color) => {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let box = field;
    while (parseFloat(getComputedStyle(box).borderTopWidth) === 0) box = box.parentElement;
    const around = getComputedStyle(document.body).backgroundColor;
    const [one, other] = [getComputedStyle(box).borderTopColor, around].map(luminance).sort();
    return (other + 0.05) / (one + 0.05);
}"""
#: The rooms that are marked by an outline.
MARKED_ROOMS = """(list) => [...list.querySelectorAll("li")]
    .filter((row) => getComputedStyle(row.querySelector("a")).outlineStyle !== "none")
    .map((row) => row.dataset.item)"""
#: Collects reports of the content security policy.
REPORTS = """window.reports = [];
addEventListener("securitypolicyviolation", (event) => window.reports.push(event.violatedDirective));"""

_SMALL = """(least) => {
    const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
    return [...document.querySelectorAll("button, a[href], input, summary")]
        .filter((element) => shown(element) && element.getAttribute("href") !== "#content")
        // What is pressed is the whole label; links within a message are text.
        .map((element) => element.closest("label") ?? element)
        .filter((element) => !element.matches("article a") && element.closest("[inert]") === null)
        .map((element) => [element, element.getBoundingClientRect()])
        .filter(([, { width, height }]) => Math.min(width, height) < least - 0.5)
        .map(([element, { width, height }]) => `${element.outerHTML.slice(0, 120)} ${width}x${height}`);
}"""


def small_targets(page: Page, least: int) -> list[str]:
    """Return the controls that are smaller than the given number of pixels."""
    found: list[str] = page.evaluate(_SMALL, least)
    return found
