import yaml
from parts.register import KNOWN
import parts.workers

if __name__ == "__main__":
    settings = yaml.safe_load(open("job.yaml"))
    worker = KNOWN[settings["worker"]](settings)
    worker.labour()
