DROP TABLE partner_links;
