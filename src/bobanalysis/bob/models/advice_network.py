"""Advice on contacts and events."""

from bobanalysis.rules import all_of, first_match, when

from ..catalogue import DICTIONARY as d
from .advice import advice

OTHER_CHANNELS = ("SPONTANEOUS_APPLICATION", "PLACEMENT_AGENCY", "OTHER_CHANNELS")

hired_through_contacts = d.jg_first_modes.has("PERSONAL_OR_PROFESSIONAL_CONTACTS") & all_of(
    *(~d.jg_first_modes.has(channel) for channel in OTHER_CHANNELS)
)

for name, level in (("improve-network", 1), ("better-network", 2), ("use-good-network", 3)):
    advice(
        f"advice-{name}",
        first_match(
            when(d.network_estimate != level, 0),
            when(hired_through_contacts, 3, because="CONTACTS_ARE_THE_FIRST_CHANNEL"),
            otherwise=2,
        ),
    )

advice(
    "advice-event",
    first_match(
        when(hired_through_contacts, 2, because="CONTACTS_ARE_THE_FIRST_CHANNEL"),
        otherwise=1,
        because="GOOD_WAY_TO_MEET_PEOPLE",
    ),
)
advice(
    "advice-online-salons",
    first_match(
        when(d.open_online_salons == 0, 0),
        when(d.area_type >= "COUNTRY", 1, because="MOBILE_EVERYWHERE"),
        otherwise=1,
    ),
)
