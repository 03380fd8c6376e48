"""Joining a page: its WebSocket takes over what the HTTP render made, or resumes what an older socket left."""

import pickle
from typing import TYPE_CHECKING

from django.conf import settings as django_settings

from livecomp import auth, handling, protocol, registry, rendering, resume, signals, tokens
from livecomp.conf import settings
from livecomp.constants import PROTOCOL_VERSION, CloseCode
from livecomp.counters import counters
from livecomp.effects import Close, Save, Send
from livecomp.exceptions import Refused, TokenRefused, UnknownComponent
from livecomp.mounted import Mounted
from livecomp.request import is_page_url, set_page_url
from livecomp.shared import Key, Place
from livecomp.templating import RenderMemory

if TYPE_CHECKING:
    from livecomp.page import LivePage


def join(page: "LivePage", message: protocol.Join) -> None:
    """Bring the page to life for a browser that holds these tokens, or close the connection."""
    if message.protocol != PROTOCOL_VERSION:
        return page.output(Close(CloseCode.VERSION_CHANGED, "another version of the protocol"))
    if page.connected or not is_page_url(message.path) or not message.tokens:
        return page.output(Close(CloseCode.PROTOCOL, "a join comes once, with a path and tokens"))
    try:
        resuming = message.resume is not None
        claims = [tokens.verify(token, page.request, resuming=resuming) for token in message.tokens]
        if len({claim.page for claim in claims}) != 1 or len({claim.component for claim in claims}) != len(claims):
            raise TokenRefused("This page is out of date; load it again.")
        _join_as(page, claims, message)
    except TokenRefused as refused:
        page.output(Close(refused.code, str(refused)))
    except UnknownComponent:  # the code changed since the page was rendered
        page.output(Close(CloseCode.VERSION_CHANGED, "This page is out of date; load it again."))
    except Refused as refused:
        page.output(Close(CloseCode.FORBIDDEN, str(refused)))


def _join_as(page: "LivePage", claims: list[tokens.Claims], message: protocol.Join) -> None:
    rendered_as, page.url = claims[0].page, message.path
    joined_before, last_version = message.resume or ("", 0)
    resume.name(page, rendered_as, joined_before)
    set_page_url(page.request, message.path)
    page.connected = True
    snapshot = resume.load(page, joined_before or rendered_as, [claim.component for claim in claims])
    known = _restore(page, snapshot, last_version) if snapshot is not None else set()
    for mounted in page.tree.values():
        mounted.be_present()
    if message.resume is not None and (snapshot is None or not snapshot.clean):
        page.effect("doubt", snapshot is None or snapshot.version < last_version)
    if snapshot is None:
        page.output(Save())
    _tell(page, message, in_doubt=snapshot is None or not snapshot.clean)
    shared = [claim for claim in claims if registry.get(claim.name).shared]
    claims = [claim for claim in claims if claim not in shared]
    for claim in shared:
        _place_shared(page, claim)
    for claim in claims:
        if claim.component not in page.tree:
            _mount_again(page, claim)
        auth.check(page.tree[claim.component].component, page.request)
    patches = _first_patches(page, claims, known, resumed=message.resume is not None)
    page.attach_rest(digests=message.resume is None)
    for mounted in page.tree.values():
        mounted.begin()
        page.listen(mounted)
    page.version = max(page.version, last_version) + bool(patches)
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
            handling.guarded(mounted, "resumed", mounted.component.resumed)
    patches: protocol.Patches = []
    for claim in claims:
        if claim.component not in known:
            patches += whole(page.tree[claim.component], "" if resumed else claim.digest)
    for id in known:
        if resumed or page.tree[id].listens:  # a message may have come between the render and this
            page.dirty.add(id)
    return patches + rendering.render_dirty(page)


def _restore(page: "LivePage", snapshot: resume.Snapshot, last_version: int) -> set[str]:
    """Rebuild the components. Gives the ids of those whose HTML the browser has exactly as the snapshot tells."""
    page.version, page.ack, page.number = snapshot.version, snapshot.ack, snapshot.number
    page.csrf_token_if_used, page.language, page.timezone = snapshot.csrf_token, snapshot.language, snapshot.timezone
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
        mounted.arguments = None
        if parent is not None:
            parent.children[saved.slot] = saved.id
        if exact and saved.memory is not None:
            mounted.memory = pickle.loads(saved.memory)
            known.add(saved.id)
    for place in snapshot.shared:
        if not place.parent or place.parent in page.tree:
            page.shared[place.key.id] = place
            if place.parent:
                page.tree[place.parent].children[place.slot] = place.key.id
    return known


def _place_shared(page: "LivePage", claim: tokens.Claims) -> None:
    auth.check(registry.get(claim.name), page.request)
    if claim.component in page.shared:
        page.shared[claim.component].digest = claim.digest
        return
    for language in (page.language, *(code for code, _ in django_settings.LANGUAGES)):
        key = Key.of(claim.name, claim.arguments or {}, language, page.timezone)
        if key.id == claim.component:
            page.shared[key.id] = Place(key, "", ("root", key.id), claim.digest)
            return
    raise TokenRefused("This page is out of date; load it again.")


def _mount_again(page: "LivePage", claim: tokens.Claims) -> None:
    if claim.arguments is None:
        raise TokenRefused("This page is out of date; load it again.")
    page.number = max(page.number, int(claim.component[1:]) + 1)
    mounted = page.add(registry.get(claim.name), None, ("root", claim.component), claim.component)
    auth.check(mounted.component, page.request)
    page.read_url(mounted)
    handling.guarded(mounted, "mount", mounted.component.mount, **claim.arguments)


def whole(mounted: Mounted, digest: str) -> protocol.Patches:
    """A patch of the component's whole HTML, none when it is what ``digest`` says the browser has."""
    if mounted.failure is not None:
        return [rendering.failure_patch(mounted)]
    mounted.memory = RenderMemory()
    try:
        html = rendering.first_render(mounted)
    except Exception as error:
        rendering.show_failure(mounted, error, "render")
        return [rendering.failure_patch(mounted)]
    mounted.html = None
    if digest and digest == rendering.digest(html):
        return []
    return [(f"{mounted.id}.0", rendering.without_address(html, mounted.id))]
