"""A recorder of invented findings: what they are is said at each call, where notebooks have a file for it."""

from bobanalysis.report.findings import Figure, Notebook, Sheet


class Invented(Notebook):
    """Record what no file describes; `defaults` is what every figure has unless said otherwise."""

    def __init__(self, name, build=None, **defaults):
        super().__init__(name, build)
        self.defaults = defaults

    def record(self, id, value, n=None, interval=None, design_effect=None, **said):
        if said or id not in self.described.findings:
            self.described.findings[id] = Figure(pattern=id, **{"label": None, **self.defaults, **said})
        return super().record(id, value, n, interval, design_effect)

    def table(self, id, frame, **said):
        if said or id not in self.described.tables:
            self.described.tables[id] = Sheet(
                **{**self.defaults, **{k: v for k, v in said.items() if v is not None}}
            )
        return super().table(id, frame)
