"""What may stop an unattended training: windows, questions, arguments, downloads, missing files, mails."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from trainyard.detect.knowledge.names import last, root
from trainyard.detect.knowledge.words import words
from trainyard.detect.values import UNKNOWN, Attr, Const, Made, Values, strings

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

_READERS = words(
    """
    read_csv read_excel read_json read_table read_pickle read_parquet read_hdf loadtxt genfromtxt load open
    imread listdir image_dataset_from_directory flow_from_directory ImageFolder load_img from_csv_file File
    loadmat load_dataset DMatrix read_feather recfromcsv make_csv_dataset scandir Pool load_svmlight_file
    """
)
_DATASETS = words(
    """
    fetch_openml fetch_california_housing fetch_20newsgroups fetch_lfw_people fetch_olivetti_faces
    fetch_covtype fetch_mldata fetch_rcv1 fetch_kddcup99 get_file urlretrieve urlopen load_dataset
    download_and_extract_archive get_rdataset DataReader
    """
)
_DRIVES = re.compile(r"^([A-Za-z]:[\\/]|/(?!tmp/|dev/null|src/|trial/)[\w.-]+(/|$)|~/)")


def library(run: Run, known: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> None:
    """Hazards of calling a library object."""
    line = getattr(node, "lineno", 0)
    top, tail = root(known), last(known)
    say = run.log.hazard
    here = run.source
    if known == "matplotlib.pyplot.show" or (
        top == "cv2" and tail in ("imshow", "waitKey", "namedWindow", "VideoCapture")
    ):
        say(here, "gui", line, f"{known} needs a screen or a camera.")
    elif (
        top in ("tkinter", "Tkinter", "PyQt5", "pygame", "turtle", "streamlit", "PySimpleGUI")
        and tail[:1].isupper()
    ):
        say(here, "gui", line, f"{known} opens a window.")
    elif known == "argparse.ArgumentParser":
        say(
            here,
            "argv",
            line,
            "reads command-line arguments; all defaults are used unless trainyard.toml gives argv.",
        )
    elif top in ("smtplib", "yagmail") or known.startswith("email.mime"):
        if top != "email":
            say(here, "mail", line, "sends mail.")
    elif known in (
        "os.system",
        "subprocess.run",
        "subprocess.call",
        "subprocess.Popen",
        "subprocess.check_call",
        "subprocess.check_output",
    ):
        say(here, "shell", line, f"{known} starts another program.")
    elif known in ("os.getenv",) and len(args) == 1:
        say(here, "env", line, f"reads the environment variable {(strings(args[0]) or ['?'])[0]}.")
    elif top in ("wandb", "neptune", "comet_ml", "clearml") and tail in ("init", "login", "Experiment"):
        say(here, "secrets", line, f"{known} wants an account and the network.")
    elif known.startswith("google.colab"):
        say(here, "colab", line, f"{known} exists only in Colab.")
    _network(run, known, top, tail, line)
    _paths(run, tail, args, kwargs, line)


_DOWNLOADERS = words("tensorflow_datasets kagglehub wget gdown yfinance nltk opendatasets requests")
_DOWNLOADS = words("load dataset_download download cached_download builder get post competition_download")
_DATASET_HOMES = words(
    "sklearn urllib keras tensorflow datasets torchvision statsmodels pandas_datareader six"
)


def _network(run: Run, known: str, top: str, tail: str, line: int) -> None:
    if known.startswith("keras.datasets.") and tail == "load_data":
        what = "downloads a dataset"
    elif known.startswith(("torchvision.datasets.", "torchtext.datasets.", "torchaudio.datasets.")):
        if tail in ("ImageFolder", "DatasetFolder"):
            return
        what = "downloads a dataset"
    elif (
        (top in _DOWNLOADERS and tail in _DOWNLOADS)
        or (top in _DATASET_HOMES and tail in _DATASETS)
        or known.startswith("tensorflow.examples.tutorials")
    ):
        what = "downloads data"
    elif tail == "from_pretrained" or (
        known.startswith(("keras.applications.", "torchvision.models.")) and tail[:1].isupper()
    ):
        what = "downloads trained weights"
    else:
        return
    run.log.hazard(run.source, "network", line, f"{known} {what}.")


def _paths(run: Run, tail: str, args: list[Values], kwargs: dict[str, Values], line: int) -> None:
    for values in (
        *args[:2],
        *(
            kwargs[k]
            for k in ("filepath_or_buffer", "directory", "root", "fname", "filename", "path")
            if k in kwargs
        ),
    ):
        for text in strings(values):
            if len(text) > 300 or "\n" in text:
                continue
            if text.startswith(("http://", "https://", "ftp://", "s3://", "gs://")):
                if tail in _READERS or tail in ("urlretrieve", "urlopen"):
                    run.log.hazard(run.source, "network", line, f"reads {text[:120]}.")
            elif _DRIVES.match(text) and ("/" in text or "\\" in text):
                run.log.hazard(
                    run.source,
                    "absolute-path",
                    line,
                    f"uses the path {text[:120]}, which is another machine's.",
                )
            elif (
                tail in _READERS
                and _looks_like_a_file(text)
                and not _writes(args, kwargs)
                and not _exists(run, text)
            ):
                run.log.hazard(
                    run.source,
                    "missing-file",
                    line,
                    f"reads {text[:120]}, which the repository does not have.",
                )


def _looks_like_a_file(text: str) -> bool:
    return bool(re.match(r"^[\w ./\\()-]+\.\w{1,6}$|^[\w.-]+(/[\w .-]+)+/?$", text))


def _writes(args: list[Values], kwargs: dict[str, Values]) -> bool:
    modes = [*(strings(args[1]) if len(args) > 1 else []), *strings(kwargs.get("mode", UNKNOWN))]
    return any(m[:1] in ("w", "a", "x") and len(m) < 4 for m in modes)


def _exists(run: Run, text: str) -> bool:
    layout = run.program.layout
    parts: list[str] = []
    for part in f"{run.main.folder}/{text}".replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return False
            parts.pop()
        elif part and part != ".":
            parts.append(part)
    path = "/".join(parts)
    plain = text.replace("\\", "/").removeprefix("./").rstrip("/")
    return any(p in layout.others or p in layout.folders or p in run.program.sources for p in (path, plain))


def method(run: Run, func: Attr, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> None:
    """Hazards of a method of a library's object."""
    line = getattr(node, "lineno", 0)
    owner = func.owner
    maker = owner.maker if isinstance(owner, Made) else ""
    if func.name == "add_argument" and maker.startswith("argparse"):
        _argument(run, args, kwargs, line)
    elif func.name in ("sendmail", "send_message") and "smtp" in maker.lower():
        run.log.hazard(run.source, "mail", line, "sends mail.")
    elif func.name in ("flow_from_directory", "image_dataset_from_directory"):
        _paths(run, func.name, args, kwargs, line)
    elif func.name == "cuda":
        run.log.hazard(run.source, "gpu", line, "moves something to a GPU, which this machine may not have.")
    elif func.name == "mainloop":
        run.log.hazard(run.source, "gui", line, "waits in a window's main loop.")


def unknown(run: Run, name: str, node: ast.Call) -> None:
    """Hazards of a method of something unknown."""
    if name == "cuda" and not node.args:
        run.log.hazard(
            run.source, "gpu", node.lineno, "moves something to a GPU, which this machine may not have."
        )
    elif name in ("flow_from_directory",):
        values: list[Values] = [(Const(a.value),) for a in node.args[:1] if isinstance(a, ast.Constant)]
        _paths(run, name, values, {}, node.lineno)


def _argument(run: Run, args: list[Values], kwargs: dict[str, Values], line: int) -> None:
    labels = [text for values in args for text in strings(values)]
    required = any(isinstance(v, Const) and v.value is True for v in kwargs.get("required", UNKNOWN))
    positional = bool(labels) and not labels[0].startswith("-")
    optional = any(isinstance(v, Const) and v.value in ("?", "*") for v in kwargs.get("nargs", UNKNOWN))
    if required or (positional and not optional):
        run.log.hazard(
            run.source,
            "argv",
            line,
            f"needs the argument {labels[0] if labels else '?'}: give argv in trainyard.toml.",
        )
