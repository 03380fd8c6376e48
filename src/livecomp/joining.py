"""Joining a page: its WebSocket takes over what the HTTP render made, or resumes what an older socket left."""

import pickle
from typing import TYPE_CHECKING

from django.conf import settings as django_settings

from livecomp import (
    auth,
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
)
from livecomp.conf import settings
from livecomp.constants import PROTOCOL_VERSION, CloseCode, ErrorCode
from livecomp.counters import counters
from livecomp.effects import Close, Save, Send
from livecomp.exceptions import Refused, TokenRefused, UnknownComponent
from livecomp.mounted import Mounted
from livecomp.outbox import count_own_calls
from livecomp.packing import Arguments
from livecomp.request import is_page_url, set_page_url
from livecomp.shared import Key, Place
from livecomp.templating import RenderMemory

if TYPE_CHECKING:
    from livecomp.page import LivePage


_OUT_OF_DATE = "This part of the page is out of date; load the page again."


def join(page: "LivePage", message: protocol.Join) -> None:
    """Bring the page to life for a browser that holds these tokens, or close the connection."""
    if message.protocol != PROTOCOL_VERSION:
        return page.output(Close(CloseCode.VERSION_CHANGED, "another version of the protocol"))
    if page.connected or not is_page_url(message.path) or not message.tokens:
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
    page.connected = True
    page.language = locale.usable_language(claims[0].language, page.request)
    page.timezone = locale.usable_zone(claims[0].timezone)
    snapshot = resume.load(page, joined_before or rendered_as, [claim.component for claim in claims])
    known = _restore(page, snapshot, last_version) if snapshot is not None else set()
    with page.in_locale():
        _come_to_life(page, claims, message, snapshot, known, left_out)


def _come_to_life(
    page: "LivePage",
    claims: list[tokens.Claims],
    message: protocol.Join,
    snapshot: resume.Snapshot | None,
    known: set[str],
    left_out: list[str],
) -> None:
    last_version = message.resume[1] if message.resume else 0
    for mounted in page.tree.values():
        mounted.be_present()
    if message.resume is not None and (snapshot is None or not snapshot.clean):
        page.effect("doubt", snapshot is None or snapshot.version < last_version)
    if snapshot is None:
        page.output(Save())
    _tell(page, message, in_doubt=snapshot is None or not snapshot.clean)
    refused: dict[str, Refused] = {}
    for claim in claims:
        place = _place_shared if registry.get(claim.name).shared else _place_own
        try:
            if not place(page, claim):
                left_out.append(claim.component)
        except Refused as refusal:
            refused[claim.component] = refusal
    if len(refused) == len(claims):
        raise next(iter(refused.values()))
    if not page.tree and not page.shared and not page.leaving and not serving.keeps_nothing():
        raise TokenRefused(tokens.OUT_OF_DATE)
    notices = [_notice(claim) for claim in claims if claim.component in refused.keys() - page.tree.keys()]
    claims = [claim for claim in claims if claim.component in page.tree]
    patches = notices + _first_patches(page, claims, known, resumed=message.resume is not None)
    page.attach_rest(digests=message.resume is None)
    for mounted in page.tree.values():
        mounted.begin()
        page.listen(mounted)
    page.version = max(page.version, last_version) + bool(patches)
    page.own_calls += sum(count_own_calls(html) for _, html in patches)
    if message.resume is None:
        page.own_calls += sum(mounted.own_calls for mounted in page.tree.values())
    page.output(Send(protocol.joined(page.joined_id, page.version, page.ack, patches, page.take_effects())))


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
        if claim.component not in known:
            patches += _whole_if_it_stays(page.tree[claim.component], "" if resumed else claim.digest)
    for id in known:
        mounted = page.tree[id]
        # A message may have come between the render and this, or the visitor may have lost the right to see it.
        if resumed or mounted.listens or failures.is_refused(mounted):
            page.dirty.add(id)
    return patches + rendering.render_dirty(page)


def _restore(page: "LivePage", snapshot: resume.Snapshot, last_version: int) -> set[str]:
    """Rebuild the components. Gives the ids of those whose HTML the browser has exactly as the snapshot tells."""
    page.version, page.ack, page.number = snapshot.version, snapshot.ack, snapshot.number
    page.csrf_token_if_used = snapshot.csrf_token
    page.language = locale.usable_language(snapshot.language, page.request)
    page.timezone = locale.usable_zone(snapshot.timezone)
    exact = (snapshot.version, snapshot.code_version) == (last_version, settings.version)  # in whatever process
    known = set()
    for saved in snapshot.components:
        parent = page.tree.get(saved.parent)
        if saved.parent and parent is None:
            continue
        mounted = page.add(registry.get(saved.name), parent, saved.slot, saved.id)
        if not resume.state_of(saved, mounted, snapshot.code_version):
            del page.tree[saved.id]  # its parent or its token mounts it again
            continue
        if parent is not None:
            parent.children[saved.slot] = saved.id
        if exact and saved.memory is not None:
            mounted.memory = pickle.loads(saved.memory)
            known.add(saved.id)
        elif exact:  # a notice stands in its place
            page.dirty.add(saved.id)
    for place in snapshot.shared:
        if not place.parent or place.parent in page.tree:
            page.shared[place.key.id] = place
            if place.parent:
                page.tree[place.parent].children[place.slot] = place.key.id
    return known


def _place_shared(page: "LivePage", claim: tokens.Claims) -> bool:
    """Put a shared component into its place. False when the token does not say enough."""
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
        auth.guard(page.tree[claim.component])
        return True
    if (arguments := claim.arguments) is None:
        return False
    page.number = max(page.number, int(claim.component[1:]) + 1)
    mounted = page.add(registry.get(claim.name), None, ("root", claim.component), claim.component)
    mounted.fills = claim.fills
    if not lifecycle.mount(mounted, lambda: mounted.component.mount(**arguments)):
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
    if mounted.page.stays(lambda: patches.extend(whole(mounted, digest))):
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
        html = rendering.first_render(mounted)
    except Exception as error:
        failures.show_failure(mounted, error, "render")
        mounted.noticed = mounted.failure
        return [failures.failure_patch(mounted)]
    mounted.html = None
    if digest and digest == rendering.digest(html):
        return []
    return [(f"{mounted.id}.0", rendering.without_address(html, mounted.id))]
