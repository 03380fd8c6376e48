"""Sample rows: the same ones for the same number, so that two runs can be compared."""

from typing import Any

FIRST = [
    "Ada",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Esra",
    "Femi",
    "Greta",
    "Hiro",
    "Ines",
    "Jonas",
    "Kaya",
    "Lars",
    "Mira",
    "Noor",
    "Otto",
    "Priya",
]
LAST = [
    "Abe",
    "Berg",
    "Costa",
    "Diaz",
    "Eklund",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Kaur",
    "Lopez",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Rossi",
]
CITIES = [
    "Accra",
    "Berlin",
    "Cusco",
    "Dakar",
    "Espoo",
    "Faro",
    "Ghent",
    "Hanoi",
    "Izmir",
    "Jaipur",
    "Kyoto",
    "Lima",
    "Malmö",
]
PLANS = ["Free", "Team", "Business"]


def make_row(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"{FIRST[number % 16]} {LAST[number % 17]}",
        "city": CITIES[number % 13],
        "plan": PLANS[number % 3],
        "orders": number * 37 % 400,
        "balance": number * 7919 % 100_000 / 100,
        "active": number % 4 != 0,
    }
