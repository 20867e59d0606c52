"""Layers of neural networks: which family a constructed thing speaks for."""

from __future__ import annotations

from functools import lru_cache

from trainyard.detect.knowledge.names import last, root
from trainyard.detect.knowledge.words import words

CONV, RNN, DENSE, ATTENTION, PRETRAINED, EMBED, LANGUAGE = (
    "conv",
    "rnn",
    "dense",
    "attention",
    "pretrained",
    "embed",
    "language",
)

_KERAS = {
    **dict.fromkeys(
        words(
            """
            Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv1D SeparableConv2D
            SeparableConvolution2D DepthwiseConv2D DepthwiseConv1D Conv2DTranspose Conv1DTranspose
            Conv3DTranspose Deconvolution2D Convolution2DTranspose AtrousConvolution2D AtrousConvolution1D
            LocallyConnected2D LocallyConnected1D
            """
        ),
        CONV,
    ),
    **dict.fromkeys(
        words(
            """
            LSTM GRU SimpleRNN RNN CuDNNLSTM CuDNNGRU ConvLSTM2D ConvLSTM1D ConvLSTM3D LSTMCell GRUCell
            SimpleRNNCell StackedRNNCells Bidirectional
            """
        ),
        RNN,
    ),
    "Dense": DENSE,
    "Embedding": EMBED,
    **dict.fromkeys(
        [
            "MultiHeadAttention",
            "TransformerEncoder",
            "TransformerDecoder",
            "GroupQueryAttention",
            "TokenAndPositionEmbedding",
        ],
        ATTENTION,
    ),
}
_TORCH = {
    **dict.fromkeys(
        words(
            """
            Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv2d LazyConv1d
            conv1d conv2d conv3d conv_transpose2d
            """
        ),
        CONV,
    ),
    **dict.fromkeys(["LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"], RNN),
    **dict.fromkeys(["Linear", "LazyLinear", "Bilinear", "linear"], DENSE),
    **dict.fromkeys(["Embedding", "EmbeddingBag", "embedding"], EMBED),
    **dict.fromkeys(
        [
            "MultiheadAttention",
            "Transformer",
            "TransformerEncoder",
            "TransformerEncoderLayer",
            "TransformerDecoder",
            "TransformerDecoderLayer",
            "scaled_dot_product_attention",
        ],
        ATTENTION,
    ),
}
_LOW_LEVEL = {
    **dict.fromkeys(
        words(
            """
            conv1d conv2d conv3d separable_conv2d depthwise_conv2d conv2d_transpose convolution2d
            convolution conv_2d conv_1d Conv Conv1d Conv2d Conv1D Conv2D Conv3D ConvTranspose
            conv_2d_transpose residual_block atrous_conv2d conv_general_dilated
            """
        ),
        CONV,
    ),
    **dict.fromkeys(
        words(
            """
            BasicLSTMCell BasicRNNCell LSTMCell GRUCell MultiRNNCell LSTMBlockCell dynamic_rnn static_rnn
            bidirectional_dynamic_rnn static_bidirectional_rnn lstm gru simple_rnn bidirectional_rnn rnn RNN
            LSTM GRU OptimizedLSTMCell LayerNormBasicLSTMCell
            """
        ),
        RNN,
    ),
    **dict.fromkeys(["dense", "fully_connected", "Dense", "Linear", "linear", "MLP"], DENSE),
    **dict.fromkeys(["embedding", "embedding_lookup", "Embed", "Embedding"], EMBED),
    **dict.fromkeys(
        [
            "MultiHeadDotProductAttention",
            "SelfAttention",
            "MultiHeadAttention",
            "MultiheadAttention",
            "dot_product_attention",
        ],
        ATTENTION,
    ),
}

_LOW_LEVEL_ROOTS = words(
    """
    tflearn flax haiku equinox tensorlayer slim tf_slim sonnet prettytensor
    """
)
_PRETRAINED_ROOTS = words(
    """
    timm efficientnet efficientnet_pytorch keras_vggface pretrainedmodels classification_models
    segmentation_models facenet_pytorch clip open_clip keras_applications keras_efficientnet_v2 vit_keras
    cnn_finetune ultralytics deepface
    """
)
_LANGUAGE_ROOTS = words(
    """
    transformers simpletransformers sentence_transformers peft trl adapters setfit keras_bert bert4keras
    pytorch_transformers pytorch_pretrained_bert ktrain unsloth tf_transformers keras_nlp keras_hub bert
    official open_clip
    """
)
_LANGUAGE_HELPERS = tuple(
    words(
        """
    Tokenizer DataCollator Processor FeatureExtractor Config Arguments Trainer Callback set_seed schedule
    pipeline logging AdamW Dataset Adafactor optimizer InputExample load_metric Preprocessor TrainerCallback
    losses evaluation util
    """
    )
)
# Detection and recognition backbones that train from scratch unless weights are asked for.
_VISION_HELPERS = tuple(
    words(
        """
    transforms datasets utils ops io weights Weights preprocess_input decode_predictions create_transform
    resolve_data_config list_models
    """
    )
)


@lru_cache(maxsize=8192)
def layer_kind(name: str) -> str | None:  # noqa: PLR0911, PLR0912 - a table of cases
    """The kind of layer that calling a library object (canonical name) constructs, or None."""
    top, tail = root(name), last(name)
    if top == "keras":
        if name.startswith("keras.applications."):
            return PRETRAINED if tail[:1].isupper() and tail not in _VISION_HELPERS else None
        return _KERAS.get(tail)
    if top == "torch":
        if name.startswith("torch.nn."):
            return _TORCH.get(tail)
        return PRETRAINED if name == "torch.hub.load" else None
    if top == "torchvision":
        return PRETRAINED if name.startswith("torchvision.models.") and _callable_model(name) else None
    if top == "tensorflow":
        if name.startswith("tensorflow.keras_hub."):
            return PRETRAINED
        return (
            _LOW_LEVEL.get(tail)
            if ".nn." in name or "layers" in name or "rnn" in name or "slim" in name
            else None
        )
    if top in _LOW_LEVEL_ROOTS or name.startswith("jax.experimental.stax") or name.startswith("jax.lax.conv"):
        return _LOW_LEVEL.get(tail, CONV if tail == "GeneralConv" else None)
    if top == "tensorflow_hub":
        return PRETRAINED if tail in ("KerasLayer", "load", "Module") else None
    if top in _LANGUAGE_ROOTS:
        helper = any(h in tail for h in _LANGUAGE_HELPERS) or (".models." in name and not tail[:1].isupper())
        return None if helper else (LANGUAGE if _names_a_model(name) else None)
    if top in _PRETRAINED_ROOTS:
        return PRETRAINED if _callable_model(name) else None
    if top == "torchtext" and "models" in name:
        return LANGUAGE
    if top == "torchaudio" and "pipelines" in name:
        return PRETRAINED
    if top in (
        "keras_contrib",
        "tensorflow_addons",
        "keras_self_attention",
        "keras_multi_head",
        "x_transformers",
        "vit_pytorch",
        "tcn",
    ):
        if tail in ("MultiHead", "MultiHeadAttention", "ViT", "TransformerWrapper", "Encoder", "Decoder"):
            return ATTENTION
        return CONV if tail == "TCN" else _KERAS.get(tail)
    if top == "torch_geometric":
        return DENSE if name.startswith("torch_geometric.nn.") and tail[:1].isupper() else None
    return None


def _callable_model(name: str) -> bool:
    return not any(part in _VISION_HELPERS or part.endswith("_Weights") for part in name.split(".")[1:])


def _names_a_model(name: str) -> bool:
    return any(
        "Model" in p
        or "For" in p
        or "Bert" in p
        or "GPT" in p
        or p
        in tuple(
            words(
                """
        SentenceTransformer from_pretrained from_config load_trained_model_from_checkpoint
        build_transformer_model text_classifier from_preset get_peft_model TransformerEncoder
        TransformerDecoder TokenAndPositionEmbedding
        """
            )
        )
        for p in name.split(".")[1:]
    )
