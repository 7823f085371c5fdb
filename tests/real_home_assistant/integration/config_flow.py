"""An entry without a question."""

from homeassistant.config_entries import ConfigFlow


class Flow(ConfigFlow, domain=__package__.rpartition(".")[2]):
    """The flow of whichever domain this copy has."""

    async def async_step_user(self, user_input=None):
        """Make the entry at once."""
        return self.async_create_entry(title=self.handler, data={})
