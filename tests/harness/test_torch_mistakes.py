"""What a PyTorch loop gets wrong between model, loss and labels is named before its first step."""

from __future__ import annotations

from collections.abc import Callable

from tests.harness.conftest import Bench

SCRIPT = """
    import torch
    from torch import nn
    from torch.nn import functional

    x = torch.randn(60, 4)
    ten = torch.arange(60) % 10
    two = (ten % 2).float()

    def fit(name, network, loss, y, squeeze=False):
        print("case", name, flush=True)
        for kind in LOSSES:
            setattr(functional, kind, LOOKING[kind])
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        try:
            output = network(x)
            loss(output.squeeze(1) if squeeze else output, y).backward()
            optimizer.step()
            print("stepped")
        except Exception as error:
            print("refused by PyTorch itself:", type(error).__name__)
        print("end", flush=True)

    from trainyard_harness.frameworks.torch_mistakes import LOSSES
    LOOKING = {kind: getattr(functional, kind) for kind in LOSSES}

    def net(units, *more):
        return nn.Sequential(nn.Linear(4, units), *more)

    fit("softmax twice", net(10, nn.Softmax(dim=1)), nn.CrossEntropyLoss(), ten)
    fit("sigmoid for classes", net(10, nn.Sigmoid()), lambda *its: functional.cross_entropy(*its), ten)
    fit("one output", net(1), nn.CrossEntropyLoss(), ten * 0)
    fit("too few outputs", net(4), nn.CrossEntropyLoss(), ten)
    fit("floats for classes", net(10), nn.CrossEntropyLoss(), ten.float())
    fit("rows for classes", net(10), nn.CrossEntropyLoss(), ten[:, None])
    fit("no logarithm", net(10, nn.Softmax(dim=1)), nn.NLLLoss(), ten)
    fit("raw", net(10), lambda *its: functional.nll_loss(*its), ten)
    fit("no sigmoid", net(1), nn.BCELoss(), two, True)
    fit("sigmoid twice", net(1, nn.Sigmoid()), nn.BCEWithLogitsLoss(), two, True)
    fit("another shape", net(1), nn.BCEWithLogitsLoss(), two)
    fit("one and two", net(1, nn.Sigmoid()), nn.BCELoss(), two + 1, True)
    fit("all with each", net(1), nn.MSELoss(), x[:, 0])
    fit("over the samples", net(10, nn.LogSoftmax(dim=0)), nn.NLLLoss(), ten)
    fit("softmax of one", net(1, nn.Softmax(dim=1)), nn.BCELoss(), two, True)
    fit("relu last", net(10, nn.ReLU()), nn.CrossEntropyLoss(), ten)
    fit("whole numbers", net(1, nn.Sigmoid()), nn.BCELoss(), two.long(), True)
    fit("right for whole numbers", net(1), nn.MSELoss(), ten[:, None])
    fit("no sides", net(1), nn.SoftMarginLoss(), two, True)
    fit("beyond the margin", net(4), nn.MultiMarginLoss(), ten)
    fit("right for sides", net(1), nn.SoftMarginLoss(), 2 * two - 1, True)
    fit("right", net(10), nn.CrossEntropyLoss(), ten)
    fit("right by hand", net(10, nn.LogSoftmax(dim=1)), nn.NLLLoss(), ten)
    fit("right for two", net(1, nn.Sigmoid()), nn.BCELoss(), two, True)
    fit("right for logits", net(1), nn.BCEWithLogitsLoss(), two, True)
    fit("right for shares", net(10), nn.CrossEntropyLoss(), torch.eye(10)[ten])
    fit("right for numbers", net(1), nn.MSELoss(), x[:, :1])
    raise SystemExit("that is all")
"""
SAID = {
    "softmax twice": "Leave softmax out",
    "sigmoid for classes": "Leave sigmoid out",
    "one output": "one per class",
    "too few outputs": "0 to 3",
    "floats for classes": "of type long",
    "rows for classes": "one number per sample",
    "no logarithm": "gets what softmax gave",
    "raw": "gets raw outputs",
    "no sigmoid": "Use sigmoid",
    "sigmoid twice": "Leave sigmoid out",
    "another shape": "have to be the same",
    "one and two": "have to be 0 and 1",
    "all with each": "labels of other rows",
    "over the samples": "dim=1",
    "softmax of one": "which always is 1",
    "relu last": "Leave relu out",
    "whole numbers": "takes floats, 0.0 and 1.0",
    "right for whole numbers": "",
    "no sides": "-1 and 1",
    "beyond the margin": "0 to 3",
    "right for sides": "",
    "right": "",
    "right by hand": "",
    "right for two": "",
    "right for logits": "",
    "right for shares": "",
    "right for numbers": "",
}


def test_what_does_not_go_together_is_named_before_the_first_step(bench: Callable[[str], Bench]) -> None:
    lab = bench("pytorch")
    ended = lab.train(lab.source(SCRIPT), lab.trial(job={"env": {"PYTHONUNBUFFERED": "1"}}))
    assert "that is all" in ended.out, ended.out[-2000:]
    cases = {part.splitlines()[0]: part.split("\nend")[0] for part in ended.out.split("case ")[1:]}
    for name, sentence in SAID.items():
        before = cases[name].split("stepped")[0]
        told = [line for line in before.splitlines() if line.startswith("trainyard: ")]
        assert len(told) == bool(sentence), (name, cases[name])
        assert all(sentence in line for line in told), (name, told)
    assert "zero_grad() is called nowhere" in ended.out.split("case ")[0]
    assert "zero_grad" in ended.metrics["mistakes"][0]["sentence"]
