from dataclasses import dataclass


@dataclass(frozen=True)
class Bird:
    name: str
    about: str


BIRDS = {
    name: Bird(name, about)
    for name, about in {
        "Heron": "Stands still for an hour, then is faster than you can see.",
        "Puffin": "Carries a dozen fish at once, all in one row.",
        "Ibis": "Probes the mud with a bill bent like a question mark.",
        "Kestrel": "Hangs in the wind over one spot, head perfectly steady.",
    }.items()
}
