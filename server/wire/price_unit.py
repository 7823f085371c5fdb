"""The unit of the prices of a request."""

import re
from dataclasses import dataclass

_PER_ENERGY = {"": 1.0, "kwh": 1.0, "mwh": 1e-3, "wh": 1e3, "kw": 1.0}
"""Prices per kWh of a price per each; a demand charge is per kW."""

_HUNDREDTHS = frozenset(
    {
        "c", "ct", "cts", "cent", "cents", "eurocent", "eurocents", "¢",
        "p", "pence", "penny", "öre", "ore", "oere", "øre", "sen",
        "paise", "fillér", "filler", "haléř", "haler", "grosz", "grosze", "gr",
        "snt", "sentti", "senttiä", "sent", "senti", "bani", "ban",
        "rappen", "centime", "centimes", "centavo", "centavos",
    }
)  # fmt: skip
"""Names of a hundredth of the money."""

_MONEY = re.compile(r"[a-z]{2,3}|[a-z]{0,3}[$€£¥₹₩₫₺₽₴₦฿¢]|kr|r|zł|kč|лв|euros?|dollars?|yen")
"""Codes, signs and names of a money itself; `Rp` is the rupiah but of francs."""


@dataclass(frozen=True, slots=True)
class PriceUnit:
    """The unit of the prices of a request.

    Attributes
    ----------
    factor : float
        Money per kWh of one unit. [-]
    money : float
        Money of one unit whatever it is per, of a demand charge per kW. [-]
    dearest : float
        Dearest price of energy, or a unit of money worth having where that is more. [$/kWh]
    is_said : bool
        Whether the request names it: then no price is a slip.
    currency : str
        Name of the money; empty where the request has none.
    """

    factor: float = 1.0
    money: float = 1.0
    dearest: float = 1.0
    is_said: bool = False
    currency: str = ""


def price_unit_from_text(text: str, currency: str) -> PriceUnit | None:
    """Read a unit such as ``ct/kWh`` or ``EUR/MWh``; None where it is unknown."""
    money, _, energy = text.strip().lower().replace(" per ", "/").partition("/")
    if money.strip() in _PER_ENERGY:
        money, energy = "", money
    size = _PER_ENERGY.get(energy.strip())
    words = money.replace(".", " ").split()
    # "€ct", "c$" and "AUc" hold a sign or a code beside the name.
    bare = [re.sub(r"[$€£]|^(eur|usd|us|aud|au|nzd|nz|cad|gbp)(?=c)", "", word) for word in words]
    is_hundredth = not _HUNDREDTHS.isdisjoint(bare)
    is_hundredth |= "rp" in bare and currency.strip().upper() == "CHF"
    if size is None or not (is_hundredth or all(map(_MONEY.fullmatch, words))):
        return None
    whole = 0.01 if is_hundredth else 1.0
    return PriceUnit(whole * size, whole, is_said=True, currency=currency)
