"""Hands for the tests of tools: contacts that land, move and lift."""

from whiteboard.model.events import Device, Phase, PointerEvent
from whiteboard.model.tools import PageEvent


def pointer(x, y, t_s=0.0, *, contact=1, phase=Phase.MOVE, device=Device.MOUSE, **more):
    return PointerEvent(contact, device, phase, x, y, t_s, **more)


def on_page(x, y, t_s=0.0, *, scale=1.0, **more):
    """An event at a place of the page, pt."""
    return PageEvent(pointer(x * scale, y * scale, t_s, **more), x, y, scale)


def stroke_along(tool, places, *, start_s=0.0, step_s=0.008, lifts=True, **more):
    """Draw along places; return all effects."""
    places = list(places)
    effects = list(tool.down(on_page(*places[0], start_s, **more)))
    for n, place in enumerate(places[1:], 1):
        effects += tool.move(on_page(*place, start_s + n * step_s, **more))
    if lifts:
        effects += tool.up(on_page(*places[-1], start_s + len(places) * step_s, **more))
    return effects


def only(effects, kind):
    return [effect for effect in effects if isinstance(effect, kind)]
