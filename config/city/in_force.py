"""The city's data in this process: those of the folder until something is published, then those of the newest version."""

from collections import OrderedDict
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from config.city.kinds import ReadCity, read_city
from config.city.toml_file import BadFile
from hotline.rules.city import CityKind
from hotline.rules.errors import NoSuchCityVersion
from hotline.rules.policies import Policies
from hotline.services.city import publications
from hotline.services.city.data import CityData
from hotline.unit_of_work import Application

# A published version takes effect in every process at its first unit of work after this time.
REFRESH_EVERY = timedelta(seconds=2)
# Policies of past versions that are kept read: tickets of a page were handed off under few of them.
KEPT_POLICIES = 32


class CityInForce:
    """Implements `hotline.unit_of_work.CitySource`. Threads share it; the data are replaced as a whole."""

    def __init__(
        self, texts: dict[CityKind, str], read: ReadCity, *, day: date, zone: ZoneInfo, number: str
    ) -> None:
        self.texts = texts
        self.read = read
        self.version = 0
        self._day = day
        self._zone = zone
        self._number = number
        self._looked: datetime | None = None
        self._lock = Lock()
        self._past: OrderedDict[tuple[int, date], Policies] = OrderedDict()

    @property
    def data(self) -> CityData:
        return self.read.data

    def refresh(self, application: Application, at: datetime) -> None:
        """Looks for a newer version every REFRESH_EVERY, and for values that became valid with a new day."""
        if self._looked is not None and self._looked <= at < self._looked + REFRESH_EVERY:
            return
        # One thread looks; the others go on with what is in force.
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._looked = at
            with Session(application.engine.execution_options(reading=True)) as session:
                version = publications.current_version(session)
                day = at.astimezone(self._zone).date()
                if version == 0 or (version, day) == (self.version, self._day):
                    return
                self._take(application, session, version, day)
        finally:
            self._lock.release()

    def _take(self, application: Application, session: Session, version: int, day: date) -> None:
        try:
            texts = self.texts if version == self.version else publications.texts_of(session, version)
            read = read_city(texts, day=day, zone=self._zone, number=self._number)
        except BadFile as bad:
            # It was checked when it was published, by another version of the program.
            structlog.get_logger().error("city.unreadable", version=version, problems=len(bad.problems))
            self.version, self._day = version, day
            return
        former = self.version
        data = replace(read.data, policies=replace(read.data.policies, version=version))
        self.read, self.texts, self.version, self._day = replace(read, data=data), texts, version, day
        application.policies = data.policies
        if former:
            structlog.get_logger().info("city.in_force", version=version)

    def policies_of(self, session: Session, version: int, day: date) -> Policies | None:
        """Returns the policies of a version as they were on `day`; None if it is unknown or cannot be read any more."""
        key = (version, day)
        if key in self._past:
            return self._past[key]
        try:
            texts = publications.texts_of(session, version)
            policies = read_city(texts, day=day, zone=self._zone, number=self._number).data.policies
        except (NoSuchCityVersion, BadFile):
            return None
        self._past[key] = policies
        while len(self._past) > KEPT_POLICIES:
            self._past.popitem(last=False)
        return policies
