"""Advice on contacts and events."""

from bobanalysis.rules import all_of, first_match, when

from ..catalogue import DICTIONARY as d
from .advice import MODULES, advice

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
        source=f"{MODULES}/network.py#L12-L33",
        spec="04, §2.15",
    )

advice(
    "advice-event",
    first_match(
        when(hired_through_contacts, 2, because="CONTACTS_ARE_THE_FIRST_CHANNEL"),
        otherwise=1,
        because="GOOD_WAY_TO_MEET_PEOPLE",
    ),
    source=f"{MODULES}/events.py#L19-L31",
    spec="04, §2.11",
    quirks=("M37",),
)
advice(
    "advice-online-salons",
    first_match(
        when(d.open_online_salons == 0, 0),
        when(d.area_type >= "COUNTRY", 1, because="MOBILE_EVERYWHERE"),
        otherwise=1,
    ),
    source=f"{MODULES}/online_salons.py#L21-L118",
    spec="04, §2.16",
    quirks=("M14", "M15", "M16"),
)
