"""The reports app: every figure and chart; it writes nothing."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        """Put the pages on the rail of those who may read them."""
        from leadflow.core import navigation
        from leadflow.core.navigation import Section
        from reports.policies import READERS

        for order, (label, name, icon) in enumerate(
            (
                ("Funnel", "funnel", "funnel"),
                ("Leaks", "leaks", "droplets"),
                ("Hand-offs", "handoffs", "arrow-left-right"),
                ("Velocity", "velocity", "gauge"),
            ),
            1,
        ):
            navigation.register(
                Section.INSIGHT, label, f"reports:{name}", icon, READERS[name], order=10 * order
            )
