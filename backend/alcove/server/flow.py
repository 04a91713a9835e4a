"""Control the reading of an HTTP connection that processes its input in several turns of the event loop."""

from uvicorn.protocols.http.flow_control import FlowControl


class PausableFlow(FlowControl):
    """Pauses reading for two independent reasons: the application does not keep up, or input waits for a later turn."""

    #: Whether input waits for a later turn (`hold`).
    _input_waits = False
    #: Whether uvicorn paused reading, because the application does not keep up with a body.
    _uvicorn_paused = False

    def hold(self) -> None:
        """Pause reading because input waits for a later turn; `release` ends it."""
        self._input_waits = True
        super().pause_reading()

    def release(self) -> None:
        """End the pause of `hold`; reading resumes unless uvicorn paused it, too."""
        self._input_waits = False
        if not self._uvicorn_paused:
            super().resume_reading()

    def pause_reading(self) -> None:
        """Pause reading because the application does not keep up (uvicorn); `resume_reading` ends it."""
        self._uvicorn_paused = True
        super().pause_reading()

    def resume_reading(self) -> None:
        """End uvicorn's pause; reading resumes unless input waits for a later turn."""
        self._uvicorn_paused = False
        if not self._input_waits:
            super().resume_reading()
