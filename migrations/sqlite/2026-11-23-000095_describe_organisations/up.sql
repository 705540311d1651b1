-- What organisations tell of themselves (HSDS 3.0), in one document as services and locations have it: nobody asks for a part of it.
ALTER TABLE organisations ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
