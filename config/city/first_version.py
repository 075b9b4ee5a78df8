"""Publishes the first version of the city's data, from the folder; `hotline migrate` and the demonstration do so.

Days that an earlier version of the program imported are kept: they become part of the calendar's text.
"""

from config.city.kinds import check_city
from config.city.text import with_days
from hotline.rules.city import CityKind
from hotline.rules.people.actors import Machine
from hotline.services import calendar
from hotline.services.city import publications
from hotline.unit_of_work import Application


def publish_first(application: Application, texts: dict[CityKind, str]) -> publications.Published | None:
    """Publishes `texts` if nothing has been published; returns what was written, or None.

    Raises BadFile for wrong texts, UnitInUse if a unit that is not in them has open tickets.
    """
    with application.unit_of_work(Machine.SYSTEM) as work:
        calendar.seed_known_years(work)
        if publications.current_version(work.session):
            return None
        imported = calendar.city_days(work.session)
        texts = {**texts, CityKind.CALENDAR: with_days(texts[CityKind.CALENDAR], imported)}
        policies = application.policies
        read = check_city(texts, day=work.today, zone=policies.zone, number=policies.number)
        return publications.publish(work, texts, read.data, based_on=0, note="")
