"""This module is the command `hotline`. Exit status: 0 done, 1 refused or failed, 2 wrong usage or setting.

Every error is one line on standard error.
"""

import click

from config.lazy_group import LazyCommand, LazyGroup

COMMANDS = {
    "calendar": LazyCommand("config.commands.working_days:calendar", "Sets the working days of deadlines."),
    "city": LazyCommand("config.commands.city:city", "Checks and publishes the city's data."),
    "deliveries": LazyCommand("config.commands.deliveries:deliveries", "Lists what could not be delivered."),
    "demo": LazyCommand("config.commands.demo:demo", "Fills a demonstration database."),
    "dial": LazyCommand("config.commands.dial:dial", "Phones the hotline from the terminal."),
    "doctor": LazyCommand("config.commands.doctor:doctor", "Looks at every component of the running line."),
    "flows": LazyCommand("config.commands.flows:flows", "Checks, draws and publishes call flows."),
    "jobs": LazyCommand("config.commands.jobs:jobs", "Lists the periodic jobs with their last results."),
    "migrate": LazyCommand("config.commands.migrate:migrate", "Brings the database up to date."),
    "report": LazyCommand("config.commands.reports:report", "Prints statistics of a day."),
    "tickets": LazyCommand("config.commands.tickets:tickets", "Imports and exports tickets."),
    "token": LazyCommand("config.commands.tokens:token", "Creates API tokens of programs."),
    "unit": LazyCommand("config.commands.units:unit", "Sets how units' own systems are notified."),
    "units": LazyCommand("config.commands.units:units", "Imports units from a table."),
    "user": LazyCommand("config.commands.users:user", "Adds users and sets their skills."),
}


@click.group(cls=LazyGroup, lazy_commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hotline")
def main() -> None:
    """Runs a city's telephone hotline: calls, tickets, units, deadlines, statistics."""


if __name__ == "__main__":
    main()
