"""Tables of the HTML standard's tree construction, as far as `html_tree` follows it."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _cased(text: str) -> dict[str, str]:
    return {name.lower(): name for name in text.split()}


VOID = _names("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr")

CLOSE_P = _names(
    """
    address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer h1 h2
    h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p plaintext pre search section summary ul xmp dd dt
    """
)
"""Start tags that end an open `p` whenever they open an element. (`form` and `table` may.)"""

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

BLOCK_END = _names(
    """
    address article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer
    header hgroup listing main menu nav ol pre search section select summary ul applet marquee object
    """
)
"""End tags that close their element wherever it is in scope, whatever is open inside it."""

IMPLIED_END = _names("dd dt li optgroup option p rb rp rt rtc")

SPECIAL = _names(
    """
    address applet area article aside base basefont bgsound blockquote body br button caption center col
    colgroup dd details dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5
    h6 head header hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed
    noframes noscript object ol p param plaintext pre script search section select source style summary table
    tbody td template textarea tfoot th thead title tr track ul wbr xmp svg:foreignObject svg:desc svg:title
    math:mi math:mo math:mn math:ms math:mtext
    """
)

SCOPE = _names(
    """
    applet caption html table td th marquee object template svg:foreignObject svg:desc svg:title math:mi math:mo
    math:mn math:ms math:mtext
    """
)
BUTTON_SCOPE = SCOPE | {"button"}
LIST_SCOPE = SCOPE | {"ol", "ul"}
TABLE_SCOPE = frozenset({"html", "table", "template"})

TABLE_TAGS = _names("caption col colgroup tbody td tfoot th thead tr")
SECTIONS = frozenset({"tbody", "tfoot", "thead"})
CELLS = frozenset({"td", "th"})
FOSTERING = frozenset({"table", "tbody", "tfoot", "thead", "tr"})
"""While one of these is the current node, text and foreign elements move before the table."""

HEAD_TAGS = _names("base basefont bgsound link meta title script style noscript noframes template")

INTEGRATION_POINTS = _names("svg:foreignObject svg:desc svg:title math:mi math:mo math:mn math:ms math:mtext")
BREAKOUT = _names(
    """
    b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu
    meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var
    """
)
"""HTML start tags that end SVG or MathML."""

SVG_TAGS = _cased(
    """
    altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix
    feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight
    feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology
    feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef
    linearGradient radialGradient textPath
    """
)
SVG_ATTRIBUTES = _cased(
    """
    attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode
    filterUnits glyphRef gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines
    keyTimes lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits
    numOctaves pathLength patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ
    preserveAlpha preserveAspectRatio primitiveUnits refX refY repeatCount repeatDur requiredExtensions
    requiredFeatures specularConstant specularExponent spreadMethod startOffset stdDeviation stitchTiles
    surfaceScale systemLanguage tableValues targetX targetY textLength viewBox viewTarget xChannelSelector
    yChannelSelector zoomAndPan
    """
)
