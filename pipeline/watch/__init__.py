"""What operators watch a run or a night by: counters (`metrics`) and a log for machines (`log`). Both are observers of the
steps in `pipeline.progress`; where the counters are served is not this room's business."""
