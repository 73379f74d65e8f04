from django.core.management.base import BaseCommand, CommandError

from intake.demo import palillo

SCENARIOS = {"palillo": palillo.build}


class Command(BaseCommand):
    help = "Adds invented people: the stadium of November 2018, 4,874 people and their days."

    def add_arguments(self, parser):
        parser.add_argument("scenario", choices=sorted(SCENARIOS))
        parser.add_argument("--seed", type=int, default=palillo.SEED, help="other people, the same totals")
        parser.add_argument(
            "--today",
            action="store_true",
            help="adds nobody: a queue at work today, and last night's round, to a demo that was made before",
        )

    def handle(self, *args, scenario, seed, today, **options):
        if today:
            palillo.open_today()
            return
        try:
            counts = SCENARIOS[scenario](seed, self.show_progress)
        except palillo.AlreadyThere as error:
            raise CommandError(f"{error}. Nothing was changed.") from error
        self.stdout.write("".join(f"{count:>8,}  {kind}\n" for kind, count in counts.items()))

    def show_progress(self, what, done, total):
        """A bar that moves on a terminal; one line for each kind of row anywhere else."""
        if self.stderr.isatty():
            bar = "#" * (30 * done // max(total, 1))
            line = f"\r{what:<16} [{bar:<30}] {done:,}/{total:,}"
            self.stderr.write(line, str, ending="\n" if done == total else "")
            self.stderr.flush()
        elif done == total:
            self.stderr.write(f"{what}: {total:,}")
