"""What every environment gets after its packages, in an image and on a host alike: `python finish.py`.

Two wheels of PyPI expect something of the machine that a slim one has not.
"""

import pathlib
import subprocess
import sys
import sysconfig

site = pathlib.Path(sysconfig.get_path("purelib"))

# LightGBM's wheel looks for the system's OpenMP, scikit-learn's brings its own. LD_LIBRARY_PATH names this.
link = site.parent.parent / "libgomp.so.1"
for bundled in site.glob("scikit_learn.libs/libgomp-*.so.*"):
    link.unlink(missing_ok=True)
    link.symlink_to(bundled.relative_to(link.parent))

# PyPI's torchvision is built for CUDA: beside PyTorch for the CPU its compiled operators (box suppression,
# region pooling) do not load, and describing them fails its whole import. Models and data sets need none.
package = site / "torchvision" / "__init__.py"
importing = [sys.executable, "-B", "-c", "import torchvision"]
if package.is_file() and subprocess.run(importing, capture_output=True, check=False).returncode != 0:
    text = package.read_text()
    package.write_text(text.replace("    _meta_registrations,\n", ""))
    subprocess.run(importing, check=True)
