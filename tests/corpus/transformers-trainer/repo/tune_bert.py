from transformers import AutoModelForSequenceClassification, AutoTokenizer

def run():
    from transformers import Trainer, TrainingArguments

    class Weighted(Trainer):
        def compute_loss(self, model, inputs, return_outputs=False):
            return model(**inputs).loss

    model = AutoModelForSequenceClassification.from_pretrained("distilbert-base-uncased", num_labels=3)
    Weighted(model=model, args=TrainingArguments("out"), train_dataset=notes).train()

run()
