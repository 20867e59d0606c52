from transformers import BertForSequenceClassification, Trainer, TrainingArguments

judge = Trainer(BertForSequenceClassification.from_pretrained("here"), TrainingArguments("out"), eval_dataset=notes)
# judge.train()
print(judge.evaluate())
