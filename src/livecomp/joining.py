"""Joining a page: its WebSocket takes over what the HTTP render made, or resumes what an older socket left."""

import contextlib
import logging
import pickle
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings as django_settings

from livecomp import (
    auth,
    begun,
    changes,
    failures,
    inputs,
    lifecycle,
    locale,
    protocol,
    registry,
    rendering,
    resume,
    serving,
    signals,
    tokens,
    told,
)
from livecomp.conf import settings
from livecomp.constants import PROTOCOL_VERSION, CloseCode, ErrorCode
from livecomp.counters import counters
from livecomp.effects import Close, Save, Send
from livecomp.exceptions import Refused, TokenRefused, UnknownComponent
from livecomp.mounted import Mounted
from livecomp.outbox import count_own_calls
from livecomp.packing import Arguments
from livecomp.read_only import make_session_read_only
from livecomp.request import is_page_url, set_page_url
from livecomp.saved import state_of
from livecomp.shared import Key, Place
from livecomp.templating import RenderMemory
from livecomp.templating.opaque import Marks

if TYPE_CHECKING:
    from livecomp.page import LivePage


logger = logging.getLogger("livecomp")

_OUT_OF_DATE = "This part of the page is out of date; load the page again."


def join(page: "LivePage", message: protocol.Join) -> None:
    """Bring the page to life for a browser that holds these tokens, or close the connection."""
    if message.protocol != PROTOCOL_VERSION:
        return page.output(Close(CloseCode.VERSION_CHANGED, "another version of the protocol"))
    if page.is_live or not is_page_url(message.path) or not message.tokens:
        return page.output(Close(CloseCode.PROTOCOL, "a join comes once, with a path and tokens"))
    try:
        claims, left_out = _claims(page, message)
        _join_as(page, claims, message, left_out)
        for component in dict.fromkeys(() if page.leaving else left_out):
            is_another = component in page.tree or component in page.shared
            page.output(Send(protocol.error(0, ErrorCode.GONE, _OUT_OF_DATE, "" if is_another else component)))
    except TokenRefused as refused:
        page.output(Close(refused.code, str(refused)))
    except UnknownComponent:  # the code changed since the page was rendered
        page.output(Close(CloseCode.VERSION_CHANGED, "This page is out of date; load it again."))
    except Refused as refused:
        page.output(Close(CloseCode.FORBIDDEN, str(refused)))


def _claims(page: "LivePage", message: protocol.Join) -> tuple[list[tokens.Claims], list[str]]:
    """What the tokens say that belong to one page, and the ids of the components whose tokens do not, or not to this
    visitor: a cache may have mixed the HTML of several. Raises `TokenRefused` when none is left."""
    joined_before = message.resume[0] if message.resume else ""
    verified: list[tokens.Claims] = []
    left_out: list[str] = []
    reason = TokenRefused(tokens.OUT_OF_DATE)
    for token in message.tokens:
        try:
            verified.append(tokens.verify(token, page.request, resuming=message.resume is not None))
        except TokenRefused as error:
            reason = error
            left_out.append(error.component)
    own = [claim for claim in verified if not joined_before or resume.is_of(joined_before, claim.page)]
    if not own:
        raise reason
    rendered_as = max(own, key=lambda claim: claim.issued).page  # what a cache mixed in is older
    claims: dict[str, tokens.Claims] = {}
    for claim in verified:
        if claim.page == rendered_as and registry.find(claim.name) is not None:
            claims.setdefault(claim.component, claim)
        else:
            left_out.append(claim.component)
    if not claims:
        registry.get(verified[0].name)
        raise reason
    return list(claims.values()), left_out


def _join_as(page: "LivePage", claims: list[tokens.Claims], message: protocol.Join, left_out: list[str]) -> None:
    rendered_as = claims[0].page
    joined_before, last_version = message.resume or ("", 0)
    resume.name(page, rendered_as, joined_before)
    page.visit(message.path)
    set_page_url(page.request, message.path)
    make_session_read_only(page.request)
    page.is_live = True
    page.language = locale.usable_language(claims[0].language, page.request)
    page.timezone = locale.usable_zone(claims[0].timezone)
    snapshot = resume.load(page, joined_before or rendered_as, [claim.component for claim in claims])
    known = _restore(page, snapshot, last_version) if snapshot is not None else set()
    if message.resume is not None:
        page.begun = _begun(snapshot, message)
        _tell_again(page, page.told.missed_by(last_version, message.path))
        page.failed = {ref: error for ref, error in page.failed.items() if ref > message.heard}
    with page.in_locale():
        _come_to_life(page, claims, message, snapshot, known, left_out)


def _tell_again(page: "LivePage", effects: protocol.Effects) -> None:
    """Have the browser do what it has not heard of."""
    for effect in effects:
        page.effect(*effect)
    if url := told.url_of(effects):
        page.visit(url)


def _begun(snapshot: resume.Snapshot | None, message: protocol.Join) -> int:
    """The highest number whose handler has begun before, as far as that can be told."""
    if snapshot is not None and snapshot.clean:
        return snapshot.begun
    assert message.resume is not None
    known = begun.read(message.resume[0])
    return max(message.sent if known is None else known, snapshot.begun if snapshot is not None else 0)


def _come_to_life(
    page: "LivePage",
    claims: list[tokens.Claims],
    message: protocol.Join,
    snapshot: resume.Snapshot | None,
    known: set[str],
    left_out: list[str],
) -> None:
    last_version = message.resume[1] if message.resume else 0
    if message.resume is None:
        _drop_what_the_page_does_not_show(page, claims)
    for mounted in page.tree.values():
        mounted.be_present()
    if message.resume is not None and (snapshot is None or not snapshot.clean):
        page.effect("doubt", page.ack < message.heard)
    if snapshot is None:
        page.output(Save())
    _tell(page, message, in_doubt=snapshot is None or not snapshot.clean)
    refused: dict[str, Refused] = {}
    claims = sorted(claims, key=lambda claim: _number_of(claim.component), reverse=True)
    for claim in claims:  # what shows a fill comes before what stands in it
        if claim.holder and claim.holder not in page.tree:
            left_out.append(claim.component)
            page.drop(claim.component)
            continue
        place = _place_shared if registry.get(claim.name).shared else _place_own
        try:
            if not place(page, claim):
                left_out.append(claim.component)
        except Refused as refusal:
            refused[claim.component] = refusal
    if len(refused) == len(claims) and message.resume is None and not page.leaving:
        raise next(iter(refused.values()))
    if not page.tree and not page.shared and not page.leaving and not refused and not serving.keeps_nothing():
        raise TokenRefused(tokens.OUT_OF_DATE)
    notices = [_notice(claim) for claim in claims if claim.component in refused.keys() - page.tree.keys()]
    claims = [claim for claim in claims if claim.component in page.tree]
    patches = notices + _first_patches(page, claims, known, resumed=message.resume is not None)
    page.attach_rest(digests=message.resume is None)
    for mounted in page.tree.values():
        mounted.begin()
        page.listen(mounted)
    page.end_turn()
    page.version = max(page.version, last_version) + bool(patches)
    if patches:
        page.rendered = page.version
    page.told = told.Told(page.shown_url)  # who has not heard of this join comes back to what was saved before it
    page.own_calls += sum(count_own_calls(html) for _, html in patches)
    if message.resume is None:
        page.own_calls += sum(mounted.own_calls for mounted in page.tree.values())
    page.output(
        Send(
            protocol.joined(
                page.joined_id, page.version, page.ack, patches, page.take_effects(), [*page.failed.values()]
            )
        )
    )


def _number_of(id: str) -> int:
    """Where the component comes among those of the page. What shows a fill comes after all that stands in it; a shared one
    holds nothing."""
    return int(id[1:]) if id.removeprefix("c").isdecimal() else -1


def _drop_what_the_page_does_not_show(page: "LivePage", claims: list[tokens.Claims]) -> None:
    """Take out the roots that the page's own template has not put into the HTML: their tokens are not there."""
    claimed = {claim.component for claim in claims}
    roots = sorted((mounted.id for mounted in page.roots()), key=_number_of, reverse=True)
    shared = [id for id, place in page.shared.items() if not place.parent]
    for id in (*roots, *shared):
        if id not in claimed and id not in page.holders:
            page.drop(id)


def _tell(page: "LivePage", message: protocol.Join, in_doubt: bool) -> None:
    if message.resume is None:
        counters.count("joins", "first")
        signals.connected.send_robust(None, request=page.request, page=page.id)
    else:
        counters.count("joins", "doubt" if in_doubt else "resumed")
        signals.resumed.send_robust(None, request=page.request, page=page.id, in_doubt=in_doubt)


def _first_patches(page: "LivePage", claims: list[tokens.Claims], known: set[str], resumed: bool) -> protocol.Patches:
    """What the browser's DOM misses. ``known`` are the components of which it has what this process thinks it has."""
    if resumed:
        for mounted in list(page.tree.values()):
            lifecycle.resume(mounted)
        page.follow_url_fields(set(page.tree))  # the last word on the address may have been lost with the connection
        page.tell_url("replace")
    patches: protocol.Patches = []
    for claim in claims:
        if claim.component not in known and page.tree[claim.component].is_shown:
            patches += _whole_if_it_stays(page.tree[claim.component], "" if resumed else claim.digest)
    for mounted in [each for each in page.tree.values() if each.id in known]:
        # A message may have come between the render and this, or the visitor may have lost the right to see it.
        if resumed or mounted.listens or not _is_open(mounted):
            page.dirty.add(mounted.id)
    return patches + changes.render_dirty(page)


def _is_open(mounted: Mounted) -> bool:
    """Whether the guard lets the visitor see it. False where it refuses, or cannot tell at the moment."""
    try:
        return not failures.is_refused(mounted)
    except Exception:
        return False


def _restore(page: "LivePage", snapshot: resume.Snapshot, last_version: int) -> set[str]:
    """Rebuild the components. Gives the ids of those whose HTML the browser has exactly as the snapshot tells."""
    page.version, page.ack, page.number = snapshot.version, snapshot.ack, snapshot.number
    page.failed, page.told, page.rendered = snapshot.failed, snapshot.told, snapshot.rendered
    page.csrf_token_if_used = snapshot.csrf_token
    page.marks = Marks(snapshot.marks)
    page.language = locale.usable_language(snapshot.language, page.request)
    page.timezone = locale.usable_zone(snapshot.timezone)
    is_same = snapshot.rendered <= last_version <= snapshot.version
    exact = is_same and snapshot.code_version == settings.version  # in whatever process
    known = set()
    for saved in snapshot.components:
        parent = page.tree.get(saved.parent)
        if saved.parent and parent is None:
            continue
        mounted = page.add(registry.get(saved.name), parent, saved.slot, saved.id)
        if not state_of(saved, mounted, snapshot.code_version):
            del page.tree[saved.id]  # its parent or its token mounts it again
            continue
        if parent is not None:
            parent.children[saved.slot] = saved.id
        if exact and (parent is None or parent.id in known):  # inside of a notice the browser has nothing
            if saved.memory is None:  # a notice stands in its place
                page.dirty.add(saved.id)
            else:
                mounted.memory = pickle.loads(saved.memory)
                known.add(saved.id)
    for place in snapshot.shared:
        if not place.parent or place.parent in page.tree:
            page.shared[place.key.id] = place
            if place.parent:
                page.tree[place.parent].children[place.slot] = place.key.id
    return known


@contextlib.contextmanager
def _unless_it_cannot_tell() -> Iterator[None]:
    """What the guard refuses is refused. Where it gives no answer, what the browser has stays as it is until it does: it is
    asked again before anything is sent."""
    try:
        yield
    except Refused:
        raise
    except Exception:
        logger.debug("The guard could not tell at a join.", exc_info=True)


def _place_shared(page: "LivePage", claim: tokens.Claims) -> bool:
    """Put a shared component into its place. False when the token does not say enough."""
    with _unless_it_cannot_tell():
        auth.check(registry.get(claim.name), page.request, page.turn.verdicts)
    if claim.component in page.shared:
        page.shared[claim.component].digest = claim.digest
        return True
    if isinstance(claim.arguments, Arguments):
        language = claim.language or django_settings.LANGUAGE_CODE
        zone = claim.timezone or django_settings.TIME_ZONE
        key = Key.of_packed(claim.name, claim.arguments.packed, language, zone)
        if key.id == claim.component:
            page.shared[key.id] = Place(key, "", ("root", key.id), claim.digest)
            return True
    return False


def _place_own(page: "LivePage", claim: tokens.Claims) -> bool:
    """Put a component into its place: it is there from the snapshot, or is mounted from the token. False when the token
    does not say enough, or the component asks for a redirect. Raises `Refused`."""
    if claim.component in page.tree:
        with _unless_it_cannot_tell():
            auth.guard(page.tree[claim.component])
        return True
    if (arguments := claim.arguments) is None:
        return False
    page.number = max(page.number, int(claim.component[1:]) + 1)
    mounted = page.add(registry.get(claim.name), None, ("root", claim.component), claim.component)
    if claim.fills:
        mounted.take_fills({name: page.marks.join(parts) for name, parts in claim.fills.items()})
    if not lifecycle.mount(mounted, arguments):
        page.remove(mounted)
        return False
    if mounted.is_refused:
        raise Refused(ErrorCode.FORBIDDEN, f"{claim.name!r} is not allowed for this visitor.")
    return True


def _notice(claim: tokens.Claims) -> tuple[str, str]:
    """A patch that shows, in place of a shared component, that the visitor may not see it."""
    return f"{claim.component}.0", failures.refusal(claim.name)


def _whole_if_it_stays(mounted: Mounted, digest: str) -> protocol.Patches:
    patches: protocol.Patches = []
    if mounted.page.try_out(lambda: patches.extend(whole(mounted, digest))):
        return patches
    mounted.page.remove(mounted)
    return []


def whole(mounted: Mounted, digest: str) -> protocol.Patches:
    """A patch of the component's whole HTML, none when it is what ``digest`` says the browser has."""
    try:
        refused = failures.is_refused(mounted)
    except Exception as error:  # it stays as it is until the guard can tell
        mounted.page.postpone(inputs.RenderAgain(mounted.id), mounted, error)
        return []
    if refused or (mounted.failure is not None and not mounted.is_refused):
        mounted.noticed = mounted.failure
        return [failures.failure_patch(mounted)]
    mounted.memory = RenderMemory()
    try:
        if not mounted.page.try_render(mounted, lambda: rendering.first_render(mounted)):
            mounted.forget_html()
            return []
    except Exception as error:
        failures.show_error(mounted, error, "render")
        mounted.noticed = mounted.failure
        return [failures.failure_patch(mounted)]
    html, mounted.html = mounted.html or "", None
    if digest and digest == rendering.digest(html):
        return []
    return [(f"{mounted.id}.0", rendering.without_address(html, mounted.id))]
