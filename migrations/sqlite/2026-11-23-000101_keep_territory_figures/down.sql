DROP TABLE territory_figures;
