"""Files and objects become texts: a stream of Arrow batches, read once, in bounded memory."""
