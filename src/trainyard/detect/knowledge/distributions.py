"""Which distribution an import comes from, where the two names differ, and what needs no distribution."""

from __future__ import annotations

import sys

from trainyard.detect.knowledge.words import words

DISTRIBUTIONS: dict[str, str | None] = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "Image": "pillow",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "dotenv": "python-dotenv",
    "dateutil": "python-dateutil",
    "skopt": "scikit-optimize",
    "imblearn": "imbalanced-learn",
    "mpl_toolkits": "matplotlib",
    "pylab": "matplotlib",
    "tensorflow_hub": "tensorflow-hub",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_addons": "tensorflow-addons",
    "tensorflow_text": "tensorflow-text",
    "tensorflow_decision_forests": "tensorflow-decision-forests",
    "tensorflow_probability": "tensorflow-probability",
    "tf_keras": "tf-keras",
    "keras_tuner": "keras-tuner",
    "kerastuner": "keras-tuner",
    "keras_preprocessing": "keras-preprocessing",
    "keras_cv": "keras-cv",
    "keras_nlp": "keras-nlp",
    "keras_hub": "keras-hub",
    "efficientnet_pytorch": "efficientnet-pytorch",
    "pytorch_lightning": "pytorch-lightning",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "segmentation_models": "segmentation-models",
    "torch_geometric": "torch-geometric",
    "pytorch_tabnet": "pytorch-tabnet",
    "sentence_transformers": "sentence-transformers",
    "stable_baselines3": "stable-baselines3",
    "category_encoders": "category-encoders",
    "pandas_datareader": "pandas-datareader",
    "pandas_profiling": "ydata-profiling",
    "umap": "umap-learn",
    "MySQLdb": "mysqlclient",
    "Crypto": "pycryptodome",
    "serial": "pyserial",
    "git": "gitpython",
    "fitz": "pymupdf",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "magic": "python-magic",
    "jose": "python-jose",
    "slugify": "python-slugify",
    "Levenshtein": "levenshtein",
    "igraph": "python-igraph",
    "hydra": "hydra-core",
    "ruamel": "ruamel.yaml",
    "attr": "attrs",
    "pkg_resources": "setuptools",
    "google.cloud": "google-cloud-storage",
    "google.colab": None,
    "google": None,
    "fastai": "fastai",
    "flask_cors": "flask-cors",
    "speech_recognition": "speechrecognition",
    "tflearn": "tflearn",
    "surprise": "scikit-surprise",
    "vaderSentiment": "vadersentiment",
    "community": "python-louvain",
    "apex": None,
    "mnist": "python-mnist",
    "IPython": "ipython",
    "tqdm": "tqdm",
    "faiss": "faiss-cpu",
    "psycopg2": "psycopg2-binary",
    "jwt": "pyjwt",
    "zmq": "pyzmq",
    "wx": "wxpython",
    "autosklearn": "auto-sklearn",
    "mlflow": "mlflow-skinny",
    "prophet": "prophet",
    "fbprophet": "prophet",
    "sklearn_crfsuite": "sklearn-crfsuite",
    "pycocotools": "pycocotools",
    "gi": None,
    "Tkinter": None,
    "tensorboardX": "tensorboardx",
    "keras_vggface": "keras-vggface",
    "facenet_pytorch": "facenet-pytorch",
    "face_recognition": "face-recognition",
    "six": "six",
}
"""Import name to distribution; None where nothing can be installed for it."""

OWN_NAME = words(
    """
    accelerate albumentations altair arch astropy autograd bokeh boto3 catboost click cloudpickle
    colorama contractions cvxpy dask datasets deap dill einops eli5 emoji evaluate fastapi fire
    flask flax folium ftfy gdown gensim geopandas gradio graphviz gym gymnasium h5py haversine
    hmmlearn holidays humanize imageio imgaug imutils jax jaxlib jieba joblib kaggle keras librosa
    lifelines lightgbm lightning lime loguru lxml matplotlib missingno mlxtend networkx nibabel nltk
    numba numpy omegaconf openpyxl optax optuna pandas peft plotly pmdarima polars psutil pyarrow
    pycaret pydantic pydicom pydot pyod pyspark rasterio regex requests rich river scikeras scipy
    seaborn sentencepiece shap shapely skops sktime soundfile spacy sqlalchemy statsmodels streamlit
    sympy ta tabulate tensorboard tensorflow termcolor textblob timm tokenizers toml torch
    torchaudio torchmetrics torchtext torchvision transformers tslearn typer unidecode wandb
    wordcloud xgboost xlrd yellowbrick yfinance
    """
)
"""Well-known distributions of their import's own name."""

_PYTHON2 = words(
    """
    cPickle ConfigParser Queue StringIO cStringIO urllib2 urlparse commands httplib __builtin__ exceptions
    sets md5 tkMessageBox tkFileDialog thread HTMLParser
    """
)


def distribution(module: str) -> str | None:
    """The distribution that provides a top-level import, or None where none is needed or known."""
    if module in sys.stdlib_module_names or module in _PYTHON2 or module.startswith("_"):
        return None
    if module in DISTRIBUTIONS:
        return DISTRIBUTIONS[module]
    # An unknown name is never guessed: anybody may have published a package under it.
    return module if module in OWN_NAME else None
