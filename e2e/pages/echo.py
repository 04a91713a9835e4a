"""The echo's page, connected when it opens."""

from pages.conversation import ConversationPage


class EchoPage(ConversationPage):
    """Speaks T1."""

    path = "/echo"
