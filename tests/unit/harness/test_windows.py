"""Scripts that open windows run where there is no screen and no toolkit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from trainyard import resources

SCRIPT = """
import tkinter as tk, turtle, webbrowser
import PySimpleGUI as sg
from tkinter import *
from tkinter import filedialog, ttk

class App(tk.Frame):
    def __init__(self, master=None):
        super().__init__(master)
        self.pack()
        self.text = tk.StringVar(value="x")
        tk.Label(self, textvariable=self.text)["bg"] = "red"

root = tk.Tk()
root.title("results")
App(root).mainloop()
Button(root, text="go").pack(side=LEFT)
pen = turtle.Turtle()
pen.forward(100)
turtle.done()
window = sg.Window("t", [[sg.Text("a")]])
while True:
    event, values = window.read()
    if event == sg.WIN_CLOSED:
        break
webbrowser.open("http://localhost")
print("file", filedialog.askopenfilename(title="Which?"))
import tkinter.messagebox
tkinter.messagebox.showinfo("done", "done")
print("end")
"""


def train(folder: Path, **files: str) -> subprocess.CompletedProcess[str]:
    source, trial = folder / "source", folder / "trial"
    for one in (source, trial):
        one.mkdir()
    for name, text in files.items():
        (source / f"{name}.py").write_text(text)
    (trial / "job.json").write_text(json.dumps({"schema": 1, "entry": "train.py", "answers": ["a.csv"]}))
    environment = {
        **os.environ, "PYTHONPATH": str(resources.HARNESS.parent), "PYTHONHASHSEED": "0",
        "TRAINYARD_SOURCE": str(source), "TRAINYARD_TRIAL": str(trial), "TRAINYARD_PARENT": "",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "trainyard_harness"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_windows_of_all_toolkits_do_nothing_and_dialogs_are_questions(tmp_path: Path) -> None:
    done = train(tmp_path, train=SCRIPT)
    assert done.stdout.splitlines()[-2:] == ["file a.csv", "end"], done.stderr


def test_a_module_of_the_repository_goes_before_a_stand_in(tmp_path: Path) -> None:
    done = train(tmp_path, train="import turtle\nprint(turtle.speed)\n", turtle="speed = 7\n")
    assert done.stdout == "7\n", done.stderr
