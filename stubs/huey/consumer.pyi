from typing import Any

from huey import Huey

class Scheduler:
    periodic_task_seconds: int

class Consumer:
    scheduler_class: type[Scheduler]

    def __init__(
        self,
        huey: Huey,
        workers: int = ...,
        periodic: bool = ...,
        initial_delay: float = ...,
        backoff: float = ...,
        max_delay: float = ...,
        scheduler_interval: int = ...,
        shutdown_timeout: float | None = ...,
    ) -> None: ...
    def start(self) -> None: ...
    def stop(self, graceful: bool = ...) -> None: ...
    def _create_process(self, process: Any, name: str) -> Any: ...
    def _set_signal_handlers(self) -> None: ...
