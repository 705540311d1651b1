DROP TABLE referral_pauses;
DROP TABLE referral_packages;
DROP TABLE referral_recipients;
DROP TABLE referrals;
