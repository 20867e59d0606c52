import subprocess

for step in ("collect.py",):
    subprocess.run(["python", step])
subprocess.run(["python", "fit_faces.py"])
