DROP TABLE agreement_parties;
DROP TABLE agreements;
