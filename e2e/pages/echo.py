"""Page object of the tutorial's echo page, which connects when it opens."""

from pages.conversation import ConversationPage


class EchoPage(ConversationPage):
    """The echo page (T1)."""

    path = "/echo"
