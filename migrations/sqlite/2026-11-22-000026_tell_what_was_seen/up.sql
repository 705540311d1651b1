-- Up to which change of the case its manager has seen it.
ALTER TABLE case_news ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
