"""What every outgoing piece has in common: who we are and how it looks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Brand:
    """Name, address and colours of the sender."""

    name: str
    postal_address: str
    site_url: str = ""
    accent: str = "#3b5bdb"
    ink: str = "#1f2330"

    @property
    def address_lines(self) -> list[str]:
        """The postal address, one part a line."""
        return [part.strip() for part in self.postal_address.split(",") if part.strip()]
